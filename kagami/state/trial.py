"""Looks at a Redis once: can Kagami use it, and what should be otherwise?"""

from __future__ import annotations

from collections.abc import Iterator

from kagami.errors import Unusable
from kagami.i18n import Translate, mark
from kagami.meters import Meters
from kagami.ports import Finding
from kagami.state import trouble
from kagami.state.line import Line
from kagami.state.wire import named

MEGABYTE = 1 << 20
_FIXES = {
    trouble.LOGIN: mark("Correct the name and the password: {key}."),
    trouble.NOBODY: mark("Start it, or correct host and port: {key}."),
    trouble.NO_NAME: mark("Correct the host: {key}."),
    trouble.SILENT: mark(
        "Look whether it runs, whether a firewall is in between, and whether it speaks TLS: then use rediss://."
    ),
    trouble.HANGS_UP: mark("Look whether it wants rediss://, and into its log."),
    trouble.CERTIFICATE: mark("Name its authority's file: rediss://host?ssl_ca_certs=/path/ca.pem"),
    trouble.NO_TLS: mark("Use redis:// instead of rediss://, or another port."),
    trouble.FULL: mark("Raise maxmemory, or look what fills it."),
    trouble.REPLICA: mark("Give the address of the primary."),
    trouble.LOADING: mark("Wait until it has."),
    trouble.RIGHTS: mark("Let the account use keys that begin with redis.prefix, channels, and INFO."),
}


async def try_redis(url: str, prefix: str) -> None:
    """`Unusable`, with the reason and what to do, when it cannot be used as it is."""
    for each in await look_at(url, prefix, str):
        if each.state == "bad":
            raise Unusable(what=each.subject, reason=each.text, fix=each.fix)


async def look_at(url: str, prefix: str, t: Translate, key: str = "redis.url") -> list[Finding]:
    """What is there to say of it; bad is what keeps it from being used. `key` is what a person changes."""
    line = Line(url, prefix, named(url), Meters())
    subject = f"Redis {line.named}"
    if reason := await line.trial():
        if reason == trouble.LOGIN:
            key = key.replace("REDIS_ADDR", "REDIS_ADDR, REDIS_PWD")
        fix = _FIXES.get(reason, mark("Look into its log."))
        return [Finding("bad", subject, t(reason), t(fix).format(key=key))]
    return list(_seen(line, subject, t))


def _seen(line: Line, subject: str, t: Translate) -> Iterator[Finding]:
    server = line.server
    for each in server.flaws():
        yield Finding("bad" if each.bad else "warn", subject, t(each.text).format(each.found), t(each.fix))
    kind = f"{'Valkey' if server.valkey else 'Redis'} {server.version}"
    used = t("{} MB used").format(server.used // MEGABYTE)
    yield Finding("ok", subject, f"{kind}, {used}")
