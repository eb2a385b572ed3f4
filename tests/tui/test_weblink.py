from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from kagami.tui import weblink


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A browser that writes down what it was given."""
    path = tmp_path / "xdg-open"
    path.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\nexit "${{CODE:-0}}"\n')
    path.chmod(0o755)
    return path


def test_there_has_to_be_a_screen(program: Path) -> None:
    path = {"PATH": str(program.parent)}
    assert weblink.opener(path, "linux") == ""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        assert weblink.opener({**path, name: ":0"}, "linux") == str(program)
    assert weblink.opener({"PATH": "/nowhere", "DISPLAY": ":0"}, "linux") == ""


def test_a_mac_has_one_but_not_over_ssh(program: Path) -> None:
    path = {"PATH": str(program.parent)}
    program.rename(program.with_name("open"))
    assert weblink.opener(path, "darwin") == str(program.with_name("open"))
    assert weblink.opener({**path, "SSH_CONNECTION": "1 2 3 4"}, "darwin") == ""


@pytest.mark.parametrize(
    ("link", "can"),
    [
        ("https://example.com/a?b=c", True),
        ("http://127.0.0.1:5000", True),
        ("file:///etc/passwd", False),
        ("--version", False),
        ("javascript:alert(1)", False),
        ("https://a b", False),
        ("https://a\x1b", False),
        ("", False),
    ],
)
def test_only_a_page_is_opened(link: str, can: bool) -> None:
    assert weblink.can_open(link) is can


async def test_the_program_gets_the_link_as_it_is(program: Path) -> None:
    link = "https://example.com/?a=$(id)&b='x'"
    assert await weblink.open_link(str(program), link)
    assert (program.parent / "opened").read_text() == link


async def test_one_that_fails_or_is_not_there_is_told(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "3")
    assert not await weblink.open_link(str(program), "https://example.com")
    assert not await weblink.open_link(str(program.with_name("none")), "https://example.com")


async def test_one_that_ends_with_its_browser_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weblink, "SOON_S", 0.01)
    pipe, path = tmp_path / "end", tmp_path / "slow"
    os.mkfifo(pipe)
    path.write_text(f"#!/bin/sh\nread line < {pipe}\n")
    path.chmod(0o755)
    assert await weblink.open_link(str(path), "https://example.com")
    await asyncio.to_thread(pipe.write_text, "enough\n")
