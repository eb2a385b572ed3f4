"""Looks at everything that an engine on this home would need, and changes nothing."""

from __future__ import annotations

import errno
import platform
import shutil
import socket
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from kagami import __version__
from kagami.adapters.kinds import dial
from kagami.cli.findings import Finding
from kagami.cli.health import ask_health
from kagami.cli.options import Globals
from kagami.config import GENERATED, Settings
from kagami.core.secrets import weakness
from kagami.errors import EngineAway, SettingError
from kagami.home import Home, holder
from kagami.i18n import Translate
from kagami.storage.queries import migrations

LIBRARIES = ("aiohttp", "msgspec", "textual", "websockets")
SCARCE_BYTES, LOW_BYTES = 100 << 20, 1 << 30
MEGABYTE = 1 << 20


def examine(given: Globals) -> list[Finding]:
    """Everything that can be looked at, in the order in which it would matter at a start."""
    t, home = given.t, given.place
    found = [_versions(t), _home(home, t)]
    try:
        settings = given.settings(create=False)
    except SettingError as error:
        return [*found, Finding("bad", t("configuration"), error.text(t))]
    found.append(Finding("ok", t("configuration"), _source(settings, t)))
    found += _engine(home, t)
    found += _ports(settings, t)
    found += _secrets(settings, given, t)
    found += _disk(home, t)
    found += _database(Path(settings.database.removeprefix("sqlite://")), t)
    for place, bot in enumerate(settings.bots):
        subject = t("bot {}").format(bot.name or place)
        found += dial(bot, subject, t) if bot.enabled else [Finding("ok", subject, t("switched off"))]
    return found


def _versions(t: Translate) -> Finding:
    parts = [f"kagami {__version__}", f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    return Finding("ok", t("versions"), ", ".join([*parts, *(f"{each} {version(each)}" for each in LIBRARIES)]))


def _home(home: Home, t: Translate) -> Finding:
    if not home.path.exists():
        return Finding("ok", t("home"), t("{} is made at the first start").format(home.path))
    mode = stat.S_IMODE(home.path.stat().st_mode)
    if mode & 0o077:
        text = t("others may look into {} (mode {})").format(home.path, f"{mode:04o}")
        return Finding("warn", t("home"), text, t("Run: {}").format(f"chmod 700 {home.path}"))
    return Finding("ok", t("home"), str(home.path))


def _source(settings: Settings, t: Translate) -> str:
    places = {origin.partition(":")[0] for origin in settings.origins.values()}
    return ", ".join(sorted(each for each in places if not each.startswith("secrets/"))) or t("all defaults")


def _engine(home: Home, t: Translate) -> Iterator[Finding]:
    process = holder(home)
    if not process:
        yield Finding("ok", t("engine"), t("none runs on this home"))
        return
    try:
        ready, told = ask_health(home.socket)
    except EngineAway:
        text = t("process {} holds the home and does not answer").format(process)
        yield Finding("bad", t("engine"), text, t("Look at its log, or stop it: kill {}").format(process))
        return
    text = t("process {} says: {}").format(process, told.get("state"))
    yield Finding("ok" if ready else "bad", t("engine"), text)


def _ports(settings: Settings, t: Translate) -> Iterator[Finding]:
    ours = holder(settings.home)
    for section, host, port, name in (
        ("gateway", settings.gateway.host, settings.gateway.port, "WS_PORT"),
        ("web", settings.web.host, settings.web.port, "WEBUI_PORT"),
    ):
        subject = t("port {} ({})").format(port, section)
        problem = _bind(host, port)
        if problem is None:
            yield Finding("ok", subject, t("free"))
        elif problem.errno == errno.EADDRINUSE and ours:
            yield Finding("ok", subject, t("held by our engine, process {}").format(ours))
        else:
            fix = t("Stop what uses the port, or set another {}.").format(name)
            taken = problem.errno == errno.EADDRINUSE
            text = t("another program listens there") if taken else problem.strerror or str(problem)
            yield Finding("bad", subject, text, fix)


def _bind(host: str, port: int) -> OSError | None:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        return error
    return None


def _secrets(settings: Settings, given: Globals, t: Translate) -> Iterator[Finding]:
    for key, secret in (("gateway.token", settings.gateway.token), ("web.jwt_secret", settings.web.jwt_secret)):
        if not secret and key in GENERATED:
            yield Finding("ok", key, t("generated at the first start"))
        elif weak := weakness(secret.reveal()):
            yield Finding("warn", key, t(weak), t("Remove it: a strong one is generated."))
        else:
            yield Finding("ok", key, t("strong, from {}").format(settings.origin(key)))
    path = given.config or settings.home.path / "kagami.toml"
    held = [key for key, origin in settings.origins.items() if origin.startswith(path.name) and key.endswith("token")]
    if held and path.stat().st_mode & 0o077:
        text = t("others may read {}, which holds {}").format(path, held[0])
        yield Finding("warn", t("configuration"), text, t("Run: {}").format(f"chmod 600 {path}"))


def _disk(home: Home, t: Translate) -> Iterator[Finding]:
    place = next(each for each in (home.path, *home.path.parents) if each.exists())
    free = shutil.disk_usage(place).free
    text = t("{} MB free").format(free // MEGABYTE)
    if free < LOW_BYTES:
        yield Finding("bad" if free < SCARCE_BYTES else "warn", t("disk"), text, t("Make room on {}.").format(place))
    else:
        yield Finding("ok", t("disk"), text)


def _database(path: Path, t: Translate) -> Iterator[Finding]:
    subject = t("database")
    if not path.exists():
        yield Finding("ok", subject, t("{} is made at the first start").format(path))
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            (schema,) = database.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        yield Finding("bad", subject, str(error), t("Restore a backup of {}.").format(path))
        return
    newest = max(number for number, _ in migrations())
    if verdict != "ok":
        yield Finding("bad", subject, verdict, t("Restore a backup of {}.").format(path))
    elif schema > newest:
        text = t("written by a newer version (schema {}, this one knows {})").format(schema, newest)
        yield Finding("bad", subject, text, t("Upgrade Kagami."))
    else:
        megabytes = path.stat().st_size // MEGABYTE
        yield Finding("ok", subject, t("sound, schema {}, {} MB").format(schema, megabytes))
