"""Where settings come from: one file and the environment. Values keep the name of the place that they came from."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin
from urllib.parse import quote

import msgspec

from kagami.core.secrets import HIDDEN, Secret
from kagami.core.wanted import plain_type
from kagami.errors import ConfigUnreadable, SettingError, UnknownSetting
from kagami.i18n import Translate
from kagami.shape import join, nearest

TOML_NAME = "kagami.toml"
JSON_NAME = "config.json"
PREFIX = "KAGAMI_"
FILE_SUFFIX = "_FILE"
# How the origin of a value begins that a variable gave, itself or by naming a file.
FROM_ENVIRONMENT = ("environment ", "file of ")

_HEADER = re.compile(r"""\s*(\[\[?)\s*([^\]#]+?)\s*\]""")
_KEY = re.compile(r"""\s*([\w."'-]+)\s*=""")
_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_LEVELS = {"warn": "warning"}  # what half of the world calls it


class Given(NamedTuple):
    """One value from outside, not yet checked. `origin` is for people."""

    key: str
    value: Any
    origin: str


class ConfigFile(NamedTuple):
    """A parsed file: its name for people, its tree, and the line of each dotted key where that is known."""

    name: str
    tree: dict[str, Any]
    lines: Mapping[str, int]

    def origins(self) -> dict[str, str]:
        """Where each dotted key stands: `kagami.toml:12`, or the name alone."""
        return {key: self._place(key) for key in _keys(self.tree)}

    def _place(self, key: str) -> str:
        line = self.lines.get(key) or self.lines.get(key.rpartition(".")[0])
        return f"{self.name}:{line}" if line else self.name


def find_file(home: Path, wanted: Path | None, t: Translate) -> Path | None:
    """The file to read: `wanted`, else the home's `kagami.toml` or `config.json`; None when there is none."""
    if wanted is not None:
        return wanted
    found = [home / name for name in (TOML_NAME, JSON_NAME) if (home / name).exists()]
    if len(found) > 1:
        raise ConfigUnreadable(
            path=home,
            reason=t("there is a kagami.toml and a config.json"),
            fix=t("Keep one of them, or name one with --config."),
        )
    return found[0] if found else None


def read_file(path: Path, t: Translate) -> ConfigFile:
    """Read and parse; `ConfigUnreadable` when that is impossible."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        fix = t("Check the path and its permissions.")
        raise ConfigUnreadable(path=path, reason=error.strerror or error, fix=fix) from None
    return parse_file(path, raw, t)


def parse_file(path: Path, raw: bytes, t: Translate) -> ConfigFile:
    """Parse TOML, or JSON when the name ends in `.json`; `ConfigUnreadable` when that is impossible."""
    try:
        text = raw.decode("utf-8-sig")
        tree = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ConfigUnreadable(path=path, reason=error, fix=t("Correct the file at that place.")) from None
    if not isinstance(tree, dict):
        raise ConfigUnreadable(path=path, reason=t("a table is expected"), fix=t("Correct the file at that place."))
    return ConfigFile(path.name, tree, {} if path.suffix == ".json" else key_lines(text))


def uproot(tree: Any, path: Sequence[str]) -> None:
    """Take a key out, wherever it is."""
    head, *rest = path
    if isinstance(tree, list) and head.isdigit() and int(head) < len(tree):
        if rest:
            uproot(tree[int(head)], rest)
        else:
            del tree[int(head)]
    elif isinstance(tree, dict) and head in tree:
        if rest:
            uproot(tree[head], rest)
        else:
            del tree[head]


def key_lines(text: str) -> dict[str, int]:
    """Line numbers of dotted keys in TOML; a table of an array is `name.0`, `name.1` ….

    A reader of lines, not of TOML: in a multi-line string it may see keys that are not there; nobody asks for those.
    """
    found: dict[str, int] = {}
    counts: Counter[str] = Counter()
    prefix = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            name = _bare(header[2])
            prefix = f"{name}.{counts[name]}" if header[1] == "[[" else name
            counts[name] += 1
            found.setdefault(prefix, number)
        elif key := _KEY.match(line):
            found.setdefault(join(prefix, _bare(key[1])), number)
    return found


def _keys(tree: Any, path: str = "") -> Iterator[str]:
    """Every dotted key of a tree; members of arrays are `name.0`, `name.1` …."""
    for name, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        key = join(path, str(name))
        yield key
        if isinstance(value, dict | list):
            yield from _keys(value, key)


def _bare(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))


class Environment:
    """Reads settings from the environment. A variable that held a secret is removed from it: children do not need it.

    An empty variable counts as absent, except where it would be a secret: that is refused later, by its strength.
    """

    def __init__(self, environ: MutableMapping[str, str], t: Translate = str) -> None:
        self._environ = environ
        self.t = t

    def read(self, keys: Mapping[str, Any]) -> list[Given]:
        """Values for `keys` (dotted name to type); the well-known names first, so that the exact spelling wins."""
        found = [given for name, key in WELL_KNOWN.items() if (given := self._take(name, key, keys[key]))]
        found += [given for key, compose in COMPOSED.items() if (given := compose(self._text, key))]
        spelled = {variable(key): key for key in keys}
        self._refuse_unknown(spelled)
        return found + [given for name, key in spelled.items() if (given := self._take(name, key, keys[key]))]

    def secret(self, name: str) -> Secret:
        """What `name` or `name_FILE` says that is no setting; empty for nothing."""
        return Secret(self._text(name, name, secret=True)[0])

    def _take(self, name: str, key: str, kind: Any) -> Given | None:
        secret = not _is_plain(kind)
        text, origin = self._text(name, key, secret=secret)
        if not origin or not (text or plain_type(kind) is Secret):
            return None
        return Given(key, loosen(text.removeprefix(":") if name in PORTS else text, kind), origin)

    def _text(self, name: str, key: str, *, secret: bool = False) -> tuple[str, str]:
        """The text of `name` or of the file that `name_FILE` names, with its origin; two empty texts for neither."""
        in_file = name + FILE_SUFFIX
        path = self._environ.get(in_file)
        if not path:
            origin = f"environment {name}" if name in self._environ else ""
            return (self._environ.pop(name, "") if secret else self._environ.get(name, "")), origin
        if self._environ.get(name):
            raise SettingError(
                key=key,
                value=HIDDEN if secret else path,
                origin=f"environment {name}, {in_file}",
                reason=self.t("it is given twice"),
                fix=self.t("Unset one of the two variables."),
            )
        try:
            return Path(path).read_text(encoding="utf-8").strip(), f"file of {in_file}"
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(
                key=key,
                value=path,
                origin=f"environment {in_file}",
                reason=self.t("the file cannot be read"),
                fix=self.t("Check the path and its permissions."),
            ) from error

    def _refuse_unknown(self, spelled: Mapping[str, str]) -> None:
        # Only with two underscores: an orchestrator adds KAGAMI_PORT and the like for a service called kagami.
        known = {*spelled, *(name + FILE_SUFFIX for name in spelled)}
        for name in self._environ:
            if name.startswith(PREFIX) and "__" in name and name not in known:
                near = nearest(name, sorted(spelled))
                fix = self.t("Did you mean {}?").format(near) if near else self.t("Unset it.")
                raise UnknownSetting(key=name, origin=self.t("the environment"), fix=fix)


def variable(key: str) -> str:
    """`KAGAMI_GATEWAY__PORT` of `gateway.port`."""
    return PREFIX + key.upper().replace(".", "__")


def settable(key: str, origin: str) -> str:
    """A key with what gives its value, for who is to change it: `web.port (kagami.toml:3)`; with the variable that
    could where nothing does.
    """
    place = origin
    for before in FROM_ENVIRONMENT:
        place = place.removeprefix(before)
    return f"{key} ({_SHORT.get(key, variable(key)) if origin == 'default' else place})"


def database_names(key: str, origin: str) -> dict[str, str]:
    """The same for what an address of a server is made of: its `login`, its `host` and its `place`."""
    if "DB_HOST" in origin:
        return {"login": "DB_USER, DB_PASSWORD", "host": "DB_HOST", "place": "DB_HOST, DB_PORT"}
    return dict.fromkeys(("login", "host", "place"), settable(key, origin))


def loosen(text: str, kind: Any) -> Any:
    """The plain value that `text` spells for `kind`; the text itself when it spells none, to be refused later."""
    plain = plain_type(kind)
    word = text.strip()
    if plain in (str, Secret):
        return text
    if plain is bool:
        return _WORDS.get(word.lower(), text)
    if get_origin(plain) is Literal:
        return _LEVELS.get(word.lower(), word.lower())
    if _is_plain(plain) and get_origin(plain) is tuple and not word.startswith("["):
        return [each.strip() for each in word.split(",") if each.strip()]
    try:
        return msgspec.convert(word, plain, strict=False) if plain in (int, float) else msgspec.json.decode(word)
    except msgspec.MsgspecError:
        return text


def _is_plain(kind: Any) -> bool:
    """Whether no secret can hide in a value: tables of bots and of plugins' settings may hold one."""
    plain = plain_type(kind)
    if get_origin(plain) is tuple:
        return plain_type(get_args(plain)[0]) is str
    return plain in (int, float, bool, str) or get_origin(plain) is Literal


Read = Callable[..., tuple[str, str]]


def _database(read: Read, key: str) -> Given | None:
    host, origin = read("DB_HOST", key)
    if not host:
        return None
    user, _ = read("DB_USER", key)
    password, _ = read("DB_PASSWORD", key, secret=True)
    port, _ = read("DB_PORT", key)
    name, _ = read("DB_NAME", key)
    account = f"{quote(user or 'kagami', safe='')}:{quote(password, safe='')}"
    path = quote(name or "kagami", safe="")
    if host.startswith("/"):  # the folder of a socket
        return Given(key, f"postgresql://{account}@/{path}?host={quote(host, safe='')}&port={port or 5432}", origin)
    shown = f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host
    return Given(key, f"postgresql://{account}@{shown}:{port or 5432}/{path}", origin)


def _redis(read: Read, key: str) -> Given | None:
    address, origin = read("REDIS_ADDR", key)
    password, _ = read("REDIS_PWD", key, secret=True)
    if not address:
        return None
    scheme, _, place = address.rpartition("://")
    account = f":{quote(password, safe='')}@" if password or "@" not in place else ""
    return Given(key, f"{scheme or 'redis'}://{account}{place}", origin)


PORTS = ("WS_PORT", "WEBUI_PORT")
WELL_KNOWN = {
    "WS_PORT": "gateway.port",
    "WEBUI_PORT": "web.port",
    "JWT_SECRET": "web.jwt_secret",
    "ENABLE_PRIVACY_GUARD": "privacy.enabled",
    "LOG_LEVEL": "log.level",
}
COMPOSED: Mapping[str, Callable[[Read, str], Given | None]] = {"store.url": _database, "redis.url": _redis}
_SHORT = {key: name for name, key in WELL_KNOWN.items()} | {"store.url": "DB_HOST", "redis.url": "REDIS_ADDR"}
