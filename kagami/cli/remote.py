"""An engine at an address: which addresses are safe, what shows who asks, and how a certificate is checked."""

from __future__ import annotations

import asyncio
import ssl
import sys
from typing import NamedTuple
from urllib.parse import urlsplit

import click

from kagami.cli.console import Trust
from kagami.cli.login import LoginKeys, login_path
from kagami.cli.options import Globals
from kagami.client import FixedKey, HttpControl, Keys
from kagami.core.handshake import is_loopback
from kagami.errors import Unauthorized, UsageError
from kagami.i18n import Translate
from kagami.operations import registry
from kagami.operations.people import Me

TOKEN = "KAGAMI_TOKEN"  # noqa: S105 - the name of a variable


class Remote(NamedTuple):
    """An engine that has answered, and knows who asks."""

    address: str
    keys: Keys
    tls: ssl.SSLContext | None

    def control(self) -> HttpControl:
        return HttpControl(registry(), self.address, keys=self.keys, tls=self.tls)


def find(url: str, trust: Trust, given: Globals) -> Remote:
    """The engine at `url`, asked once who we are; `KagamiError` says what stands in the way and what to do."""
    address = read_address(url, insecure=trust.insecure, t=given.t)
    token = _token(trust, given)
    keys = FixedKey(token) if token else LoginKeys(login_path(address, given.environ), lambda: _ask(address, given.t))
    remote = Remote(address, keys, _tls(trust, given.t))
    try:
        asyncio.run(_greet(remote))
    except Unauthorized:
        if not token:
            raise
        fix = given.t("the token is refused. Make one on the engine's machine: {}")
        command = "kagami people token_make NAME --scopes '[\"*\"]'"
        raise Unauthorized(reason=fix.format(command)) from None
    if isinstance(keys, LoginKeys):
        keys.ask = None
    return remote


async def _greet(remote: Remote) -> None:
    control = remote.control()
    try:
        await control.call(Me())
    finally:
        await control.close()


def read_address(url: str, *, insecure: bool, t: Translate) -> str:
    """`https://host:5000` of what was typed; plain HTTP leads to this machine only, unless somebody insists."""
    try:
        place = urlsplit(url)
        host, _ = place.hostname or "", place.port
    except ValueError:
        host = ""
    if not host or place.scheme not in ("http", "https") or place.username or place.path not in ("", "/"):
        raise UsageError(reason=t("{} is no address of an engine. Give one like https://host:5000.").format(url))
    if place.scheme == "http" and not insecure and not is_loopback(host):
        reason = t("Over {} everybody on the way can read the token. Use https or an ssh tunnel, or add --insecure.")
        raise UsageError(reason=reason.format(f"http://{host}"))
    return f"{place.scheme}://{place.netloc}"


def _token(trust: Trust, given: Globals) -> str:
    if trust.token_file is None:
        return given.environ.pop(TOKEN, "").strip()
    try:
        token = trust.token_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else given.t("it is no text")
        raise UsageError(reason=f"{trust.token_file}: {reason}") from None
    if not token.isprintable() or " " in token or not token:
        raise UsageError(reason=given.t("{} does not hold a token.").format(trust.token_file))
    return token


def _tls(trust: Trust, t: Translate) -> ssl.SSLContext | None:
    if trust.ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=trust.ca_file)
    except OSError as error:  # an `SSLError` too
        reason = error.strerror or t("there is no certificate in it")
        raise UsageError(reason=f"{trust.ca_file}: {reason}") from None


def _ask(address: str, t: Translate) -> tuple[str, str]:
    if not sys.stdin.isatty():
        raise UsageError(reason=t("Nobody can be asked for a password here: give --token-file, or set KAGAMI_TOKEN."))
    click.echo(t("Log in to {}").format(address), err=True)
    user: str = click.prompt(t("Name"), default="admin", err=True)
    password: str = click.prompt(t("Password"), hide_input=True, err=True)
    return user, password
