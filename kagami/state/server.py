"""What a Redis says of itself, and what of it is not as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from kagami.i18n import mark

OLDEST = (7, 0)
SCARCE = 0.9


class Flaw(NamedTuple):
    """`text` and `fix` are templates over `found`, and keys of the catalogue."""

    text: str
    found: str
    fix: str
    bad: bool = False


class Server(msgspec.Struct, frozen=True):
    """Bytes; `most` is 0 without a limit."""

    version: str = ""
    valkey: bool = False
    policy: str = ""
    used: int = 0
    most: int = 0
    replica: bool = False
    loading: bool = False

    def flaws(self) -> Iterator[Flaw]:
        number = tuple(int(each) for each in self.version.split(".")[:2] if each.isdigit())
        if not self.valkey and number < OLDEST:
            yield Flaw(mark("version {} is older than 7.0"), self.version, mark("Upgrade it, or use Valkey."), bad=True)
        if self.replica:
            yield Flaw(mark("it is a replica and read-only"), "", mark("Give the address of the primary."), bad=True)
        if self.loading:
            yield Flaw(mark("it is loading its data"), "", mark("Wait until it has."))
        if self.policy != "noeviction":
            yield Flaw(
                mark("maxmemory-policy is {}: it may forget what waits to be read"),
                self.policy,
                mark("Set: CONFIG SET maxmemory-policy noeviction"),
            )
        if self.most and self.used >= SCARCE * self.most:
            share = f"{100 * self.used // self.most} %"
            yield Flaw(mark("{} of its memory is used"), share, mark("Raise maxmemory."), bad=self.used >= self.most)


def read_server(answer: bytes | str) -> Server:
    """From what `INFO` answers; what is missing there is as it should be."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    said = dict(line.split(":", 1) for line in text.splitlines() if ":" in line and not line.startswith("#"))
    valkey = said.get("valkey_version", "")
    return Server(
        version=valkey or said.get("redis_version", ""),
        valkey=bool(valkey),
        policy=said.get("maxmemory_policy", "noeviction"),
        used=_number(said.get("used_memory", "")),
        most=_number(said.get("maxmemory", "")),
        replica=said.get("role") == "slave" and said.get("slave_read_only", "1") == "1",
        loading=said.get("loading", "0") == "1",
    )


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
