"""Logging in to an engine on another machine, once: the refresh token stays in a file of the person's own."""

from __future__ import annotations

import asyncio
import fcntl
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path

import msgspec

from kagami.client import Post, decode, rebuild
from kagami.ports.people import Tokens

REFRESH, LOGIN = "/api/v1/auth/refresh", "/api/v1/auth/login"
Ask = Callable[[], tuple[str, str]]
"""Asks a person for name and password."""


class Kept(msgspec.Struct, frozen=True):
    refresh_token: str


class LoginKeys:
    """Implements `client.Keys`. `ask` is None once a person cannot be asked any more: the screen is drawn on."""

    def __init__(self, path: Path, ask: Ask | None) -> None:
        self.token = ""
        self.ask = ask
        self._path = path

    async def renew(self, post: Post) -> bool:
        """By the refresh token that is kept, else by asking; False when neither can be."""
        # A refresh token counts once: of two consoles of one person, the second must read what the first was given.
        async with _locked(self._path):
            kept = _read(self._path)
            if kept and await self._take(post, REFRESH, {"refresh_token": kept}):
                return True
            if self.ask is None:
                return False
            user, password = self.ask()
            return await self._take(post, LOGIN, {"user": user, "password": password})

    async def _take(self, post: Post, path: str, given: Mapping[str, str]) -> bool:
        status, body = await post(path, given)
        if status == HTTPStatus.UNAUTHORIZED and path == REFRESH:
            return False
        if status != HTTPStatus.OK:
            raise rebuild(status, body)
        tokens = decode(body, Tokens)
        _write(self._path, tokens.refresh_token)
        self.token = tokens.access_token
        return True


def login_path(address: str, environ: Mapping[str, str]) -> Path:
    """Where the login to an address is kept: `$XDG_STATE_HOME/kagami/login-….json`."""
    from kagami.tui.state import state_path  # noqa: PLC0415

    key = blake2b(address.encode(), digest_size=8).hexdigest()
    return state_path(environ).parent / f"login-{key}.json"


@asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _read(path: Path) -> str:
    """The refresh token; empty when there is none, or not one that only this person could have read."""
    try:
        if path.stat().st_mode & 0o077:
            return ""
        return msgspec.json.decode(path.read_bytes(), type=Kept).refresh_token
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def _write(path: Path, token: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".login")  # mode 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(Kept(token)))
    Path(name).replace(path)
