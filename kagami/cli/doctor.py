"""Looks at everything that an engine on this home would need, and changes nothing."""

from __future__ import annotations

import asyncio
import errno
import platform
import shutil
import socket
import sqlite3
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kagami import __version__
from kagami.adapters.kinds import BotConfig, dial, kind_of
from kagami.cli.findings import Finding
from kagami.cli.health import ask_health
from kagami.cli.options import Globals
from kagami.cli.running import its_settings, online, unseen
from kagami.config import GENERATED, Settings
from kagami.core.secrets import weakness
from kagami.errors import EngineAway, KagamiError, MissingSetting, SettingError
from kagami.home import Home, holder
from kagami.i18n import Translate
from kagami.net.oswords import os_words
from kagami.reasons.say import say
from kagami.sources import database_names, settable
from kagami.storage.queries import migrations
from kagami.storage.store import is_postgres
from kagami.storage.whereabouts import file_of

if TYPE_CHECKING:
    from kagami.ports import SettingRow

LIBRARIES = ("aiohttp", "msgspec", "textual", "websockets")
SCARCE_BYTES, LOW_BYTES = 100 << 20, 1 << 30
MEGABYTE = 1 << 20
MOST_MISTAKES = 20


def examine(given: Globals) -> list[Finding]:
    """Everything that can be looked at, in the order in which it would matter at a start."""
    t, home = given.t, given.place
    found = [_versions(t), _home(home, t)]
    settings, mistakes = _configuration(given)
    found += mistakes
    if settings is None:
        return found
    if not mistakes:
        found.append(Finding("ok", t("configuration"), _source(settings, t)))
    found += _engine(home, t)
    rows = its_settings(given)
    found += _unseen(unseen(rows, settings), t)
    found += _ports(settings, rows, t)
    found += _secrets(settings, given, t)
    found += _disk(home, t)
    found += _store(settings, t)
    found += _audit(settings, t)
    found += _cluster(settings, t)
    found += _redis(settings, t)
    found += _bots(settings, given, t)
    return found


def _bots(settings: Settings, given: Globals, t: Translate) -> Iterator[Finding]:
    there = online(given) if any(map(_counts_logins, settings.bots)) else frozenset()
    for place, bot in enumerate(settings.bots):
        subject = t("bot {}").format(bot.name or place)
        if not bot.enabled:
            yield Finding("ok", subject, t("switched off"))
        elif _counts_logins(bot) and bot.name in there:
            yield Finding("ok", subject, t("online, says the engine that runs"))
        else:
            for each in dial(bot, subject, str):
                yield Finding(each.state, each.subject, say(each.text, t), say(each.fix, t))


def _counts_logins(bot: BotConfig) -> bool:
    """NapCat lets in three times a minute: where the engine is in, one more login would say nothing new."""
    return kind_of(bot) == "napcat"


def _configuration(given: Globals) -> tuple[Settings | None, list[Finding]]:
    """The settings without their mistakes, each of which is told; None when nothing can be read at all."""
    found: list[Finding] = []
    skip: list[str] = []
    given.environ = dict(given.environ)  # reading takes secrets out of it
    environ = dict(given.environ)
    while len(found) < MOST_MISTAKES:
        given.environ = dict(environ)
        try:
            return given.settings(create=False, skip=skip), found
        except SettingError as error:
            key = str(error.details.get("key", ""))
            found.append(Finding("bad", given.t("configuration"), error.text(given.t)))
            # What is missing cannot be left out: then the section goes.
            key = key.partition(".")[0] if isinstance(error, MissingSetting) else key
            if not key or key in skip:
                return None, found
            skip.append(key)
    return None, found


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


def _unseen(keys: Sequence[str], t: Translate) -> Iterator[Finding]:
    if keys:
        text = t("the engine that runs has these from an environment that is not ours: {}").format(", ".join(keys))
        fix = t("Run this in its environment, or what is said below may not be of it.")
        yield Finding("warn", t("configuration"), text, fix)


def _ports(settings: Settings, rows: Mapping[str, SettingRow], t: Translate) -> Iterator[Finding]:
    """Of the engine that runs, its own; else those that one would have that was started here."""

    def value(key: str, ours: Any) -> Any:
        return rows[key].value if key in rows else ours

    ours = holder(settings.home)
    for section, place in (("gateway", settings.gateway), ("web", settings.web)):
        if section == "gateway" and value("cluster.role", settings.cluster.role) == "worker":
            yield Finding("ok", t("gateway"), t("none: this process has the role worker"))
            continue
        key = f"{section}.port"
        port = value(key, place.port)
        subject = t("port {} ({})").format(port, section)
        problem = _bind(value(f"{section}.host", place.host), port)
        if problem is None:
            yield Finding("ok", subject, t("free"))
        elif problem.errno == errno.EADDRINUSE and ours:
            yield Finding("ok", subject, t("in use, while an engine of this home runs: process {}").format(ours))
        else:
            fix = t("Stop what uses the port, or set another {}.").format(settable(key, settings.origin(key)))
            taken = problem.errno == errno.EADDRINUSE
            yield Finding("bad", subject, t("another program listens there") if taken else t(os_words(problem)), fix)


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
    yield from _applications(settings, t)
    path = given.config or settings.home.path / "kagami.toml"
    held = [key for key, origin in settings.origins.items() if origin.startswith(path.name) and key.endswith("token")]
    if held and path.stat().st_mode & 0o077:
        text = t("others may read {}, which holds {}").format(path, held[0])
        yield Finding("warn", t("configuration"), text, t("Run: {}").format(f"chmod 600 {path}"))


def _applications(settings: Settings, t: Translate) -> Iterator[Finding]:
    """On this machine a weak token is taken all the same, and every program here can try it."""
    for worker in settings.workers:
        if worker.token and (weak := weakness(worker.token.reveal())):
            fix = t("Give it another: kagami workers edit {} --token …").format(worker.name)
            yield Finding("warn", t("token of the worker {}").format(worker.name), t(weak), fix)


def _disk(home: Home, t: Translate) -> Iterator[Finding]:
    place = next(each for each in (home.path, *home.path.parents) if each.exists())
    free = shutil.disk_usage(place).free
    text = t("{} MB free").format(free // MEGABYTE)
    if free < LOW_BYTES:
        yield Finding("bad" if free < SCARCE_BYTES else "warn", t("disk"), text, t("Make room on {}.").format(place))
    else:
        yield Finding("ok", t("disk"), text)


def _store(settings: Settings, t: Translate) -> list[Finding]:
    place = file_of(settings.database)
    if place is not None:
        return [*_database(place, t)]
    if not is_postgres(settings.database):
        return []
    from kagami.storage.postgres_trial import look_at  # noqa: PLC0415 (loads the driver)

    names = [database_names(key, settings.origin(key)) for key in ("store.url", "store.read_url")]
    return asyncio.run(look_at(settings.database, settings.store.read_url.reveal(), t, names))


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


def _audit(settings: Settings, t: Translate) -> Iterator[Finding]:
    """Whether a start would be refused: nothing is written behind rows that were sealed with another key."""
    from kagami.engine.seals import FIX, OTHER_KEY, is_ours  # noqa: PLC0415

    with suppress(KagamiError, OSError):  # a store that cannot be read is told of already
        if not asyncio.run(is_ours(settings)):
            yield Finding("bad", t("audit"), t(OTHER_KEY), t(FIX))


def _cluster(settings: Settings, t: Translate) -> Iterator[Finding]:
    """Whether several processes on a database would make the same secrets."""
    if not is_postgres(settings.database):
        return
    from kagami.engine.sameness import FIX, fingerprint  # noqa: PLC0415
    from kagami.storage.postgres_trial import neighbours  # noqa: PLC0415 (loads the driver)

    cluster, mine = settings.cluster, fingerprint(settings)
    living, known = asyncio.run(neighbours(settings.database, cluster.lease_seconds))
    others = [each for each in living if each != cluster.node]
    if others and known and mine and known != mine:
        text = t("its secrets are not those of the processes that run: {}").format(", ".join(others))
        yield Finding("bad", "cluster.secret", text, t(FIX))
    elif cluster.secret:
        yield Finding("ok", "cluster.secret", t("strong, from {}").format(settings.origin("cluster.secret")))
    elif cluster.role != "all" or len(others) > bool(holder(settings.home) and not cluster.node):
        text = t("it is not set, and this process is one of several: each makes secrets of its own")
        yield Finding("bad", "cluster.secret", text, t(FIX))
    else:
        yield Finding("ok", "cluster.secret", t("not set, which is right for one process alone"))


def _redis(settings: Settings, t: Translate) -> list[Finding]:
    if not settings.redis.url:
        return []
    from kagami.state.trial import look_at  # noqa: PLC0415 (loads the driver)

    named = settable("redis.url", settings.origin("redis.url"))
    return asyncio.run(look_at(settings.redis.url.reveal(), settings.redis.prefix, t, named))
