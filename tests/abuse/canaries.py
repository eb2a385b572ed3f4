"""A house full of secrets whose every word is known, and all that can be heard of it from outside."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

from kagami.core.privacy.redact import forms
from kagami.storage.archive import read_manifest, read_part

NAMES = (
    "gateway token",
    "signing secret",
    "signing secret before",
    "metrics token",
    "token of a bot that is refused",
    "token in the address of a bot",
    "password in the address of a bot",
    "token of a bot that was added later",
    "token of a bot that was only tried",
    "token in the webhook",
    "token in a webhook that was set later",
    "password of the proxy",
    "password of the market",
    "token of the package index",
    "token of an index that was set later",
    "key of a plugin",
    "password of a plugin deeper down",
    "key of a plugin that was set later",
    "password of the first operator",
    "password of another person",
    "password that was wrong",
    "password after that",
    "token that nobody has",
    "token at the gateway that is wrong",
    "password of the database",
    "password of Redis",
)
# 160 bits each, that look like nothing else; the same in each run, so that a failure can be seen again.
SECRETS = {
    name: f"Qz{number:02d}{(0x9E3779B97F4A7C15F39CC0605CEDC834 * (number + 7)) % (1 << 128):032x}Xk"
    for number, name in enumerate(NAMES)
}

CONFIG = """
language = "en"
admins = ["qq:4711"]
[gateway]
port = 0
query_token = true
token = "{gateway token}"
[web]
port = 0
jwt_secret = "{signing secret}"
jwt_secret_before = "{signing secret before}"
metrics_token = "{metrics token}"
[log]
level = "debug"
[alerts]
webhook = "http://127.0.0.1:9/hook/{token in the webhook}"
offline_s = 0.2
[plugins.http]
proxy = "http://user:{password of the proxy}@127.0.0.1:9"
[plugins.market]
url = "http://user:{password of the market}@127.0.0.1:9/market"
packages = "https://user:{token of the package index}@127.0.0.1:9/simple"
[plugins.settings.leaky]
api_key = "{key of a plugin}"
deeper = {{ password = "{password of a plugin deeper down}" }}
[[bots]]
kind = "onebot11"
name = "refused"
url = "ws://127.0.0.1:{port}/"
token = "{token of a bot that is refused}"
[[bots]]
kind = "onebot11"
name = "away"
url = "ws://user:{password in the address of a bot}@127.0.0.1:9/away?access_token={token in the address of a bot}"
"""

# A plugin that tells its secrets to everybody whom it can.
LEAKY = """
from typing import Annotated, Any

from kagami.plugins.api import Context, Plugin, Settings


class Leaks(Settings):
    api_key: str = ""
    deeper: dict[str, str] = {}


plugin = Plugin(settings=Leaks)


@plugin.command("leak")
async def leak(ctx: Context[Leaks], how: str) -> str:
    key = ctx.settings.api_key
    if how == "log":
        ctx.log.error(f"cannot log in with {key}", address=f"https://x:{key}@api.example/{key}")
        return "told"
    if how == "http":
        await ctx.http.get(f"http://127.0.0.1:9/?key={key}")
    raise RuntimeError(f"HTTP 500 from https://api.example/?key={key}&p={ctx.settings.deeper['password']}")
"""


class _Spelled(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return SECRETS[name]


def config(port: int) -> str:
    return CONFIG.format_map(_Spelled(port=str(port)))


def put_plugin(home: Path) -> None:
    folder = home / "plugins" / "leaky" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "plugin.json").write_text('{"id": "leaky", "version": "1.0.0", "entry": "main:plugin"}', "utf-8")
    (folder / "main.py").write_text(LEAKY, "utf-8")


def found_in(given: bytes, secrets: Mapping[str, str]) -> list[str]:
    """Those that are in it, as they are or as addresses, JSON and base64 spell them: names, and what is before them."""
    text, found = given.decode("utf-8", "replace"), []
    for name, secret in secrets.items():
        places = [place for form in forms(secret) if (place := text.find(form)) >= 0]
        found += [f"{name}: {text[max(0, place - 80) : place + 8]}" for place in places[:1]]
    return found


def kept(home: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a home but those in which secrets live, with packed ones unpacked."""
    for path in sorted(home.rglob("*")):
        name = str(path.relative_to(home))
        if not path.is_file() or name.startswith("secrets/") or name == "kagami.toml":
            continue
        yield name, path.read_bytes()
        if path.suffix == ".gz":
            yield f"{name} unpacked", gzip.decompress(path.read_bytes())
        if path.suffix == ".kbk":
            for part in read_manifest(path).parts:
                if part != "kagami.db":
                    yield f"{name}: {part}", read_part(path, part)


def dumped(database: Path) -> str:
    """A store as whoever stole it would read it: every row of every table that rows are read from."""
    said = []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        tables = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            with suppress(sqlite3.OperationalError):  # of an index that cannot be walked, whose rows are elsewhere
                said += [f"{table}: {row}" for row in opened.execute(f'SELECT * FROM "{table}"')]  # noqa: S608
    return "\n".join(said)
