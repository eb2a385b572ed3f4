"""Opening a link in a person's browser, where this machine shows one."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from threading import Thread

SOON_S = 2.0
_SCHEMES = ("https://", "http://")
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


def opener(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str:
    """The program that opens links; empty where there is no screen for a browser, as over SSH."""
    if platform == "darwin":
        return "" if environ.get("SSH_CONNECTION") else shutil.which("open", path=environ.get("PATH")) or ""
    if any(environ.get(name) for name in _DISPLAYS):
        return shutil.which("xdg-open", path=environ.get("PATH")) or ""
    return ""


def can_open(link: str) -> bool:
    """Whether it is a page: whatever else an address may start is not started by a key."""
    return link.startswith(_SCHEMES) and link.isprintable() and " " not in link


async def open_link(program: str, link: str) -> bool:
    """Whether the program took it. Some end at once, some with the browser: those are not waited for."""
    ended: list[int] = []
    child = Thread(target=lambda: ended.append(_run(program, link)), name="browser", daemon=True)
    child.start()
    await asyncio.to_thread(child.join, SOON_S)
    return not any(ended)


def _run(program: str, link: str) -> int:
    """Away from the terminal and its signals."""
    quiet = subprocess.DEVNULL
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and a link begins with its scheme
            [program, link], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True, check=False
        )
    except OSError:
        return 1
    return done.returncode
