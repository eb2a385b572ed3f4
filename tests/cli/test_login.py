from __future__ import annotations

import asyncio
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from kagami.cli.login import LoginKeys, login_path
from kagami.errors import Unauthorized, Unavailable


class Desk:
    """Gives tokens out as an engine does: a refresh token counts once, and one that comes again ends everything."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.given = 0
        self.good = ""
        self.down = False

    async def post(self, path: str, values: Mapping[str, str]) -> tuple[int, bytes]:
        await asyncio.sleep(0)
        act = path.rpartition("/")[2]
        self.asked.append(act)
        if self.down:
            return 503, b'{"error": {"code": "StoreClosed", "message": "m", "details": {"reason": "r"}}}'
        if act == "login" and values != {"user": "ada", "password": "right"}:
            return 401, b'{"error": {"code": "Unauthorized", "message": "m", "details": {"reason": "no"}}}'
        if act == "refresh" and values != {"refresh_token": self.good}:
            self.good = ""
            return 401, b"{}"
        self.given += 1
        self.good = f"refresh {self.given}"
        tokens = {"access_token": f"access {self.given}", "refresh_token": self.good, "expires_in": 900}
        return 200, msgspec.json.encode(tokens)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return login_path("https://host:5000", {"XDG_STATE_HOME": str(tmp_path / "state")})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def kept(path: Path) -> str:
    """The text of the file, empty when there is none."""
    return path.read_text() if path.exists() else ""


def keep(path: Path, text: str, bits: int = 0o600) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    path.chmod(bits)


def keys(path: Path, *, right: bool = True) -> LoginKeys:
    return LoginKeys(path, lambda: ("ada", "right" if right else "wrong"))


async def test_a_person_is_asked_once_and_not_the_next_time(path: Path) -> None:
    desk, first, second = Desk(), keys(path), LoginKeys(path, None)
    assert await first.renew(desk.post)
    assert await second.renew(desk.post)
    assert (desk.asked, first.token, second.token) == (["login", "refresh"], "access 1", "access 2")


async def test_only_the_person_can_read_what_is_kept(path: Path) -> None:
    await keys(path).renew(Desk().post)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert "access" not in kept(path)
    assert "right" not in kept(path)


async def test_what_others_could_read_is_not_used(path: Path) -> None:
    desk = Desk()
    await keys(path).renew(desk.post)
    keep(path, kept(path), 0o644)
    assert not await LoginKeys(path, None).renew(desk.post)


async def test_two_consoles_of_one_person_use_no_token_twice(path: Path) -> None:
    desk = Desk()
    await keys(path).renew(desk.post)
    consoles = [LoginKeys(path, None) for _ in range(8)]
    assert all(await asyncio.gather(*(each.renew(desk.post) for each in consoles)))
    assert len({each.token for each in consoles}) == 8


async def test_a_login_that_has_ended_asks_again(path: Path) -> None:
    desk = Desk()
    await keys(path).renew(desk.post)
    desk.good = "another"
    assert not await LoginKeys(path, None).renew(desk.post)
    assert await keys(path).renew(desk.post)


async def test_a_wrong_password_is_told(path: Path) -> None:
    with pytest.raises(Unauthorized):
        await keys(path, right=False).renew(Desk().post)
    assert kept(path) == ""


async def test_trouble_of_the_engine_does_not_forget_the_login(path: Path) -> None:
    desk = Desk()
    await keys(path).renew(desk.post)
    desk.down = True
    with pytest.raises(Unavailable):
        await LoginKeys(path, None).renew(desk.post)
    desk.down = False
    assert await LoginKeys(path, None).renew(desk.post)


@pytest.mark.parametrize("text", ["", "[]", "\udc80"])
async def test_what_is_no_login_is_left_aside(path: Path, text: str) -> None:
    keep(path, text)
    assert not await LoginKeys(path, None).renew(Desk().post)


def test_each_address_has_a_login_of_its_own() -> None:
    environ = {"XDG_STATE_HOME": "/s"}
    assert login_path("https://a", environ) != login_path("https://b", environ)
