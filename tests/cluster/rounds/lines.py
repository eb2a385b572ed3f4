"""What is written down outside Kagami while it runs, a line of JSON each, and the files that hold it.

Times are seconds of the wall clock of one machine. A message is named by its conversation and its number in it, from 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

PLATFORM, PROBE, LOG, STRUCK = "platform.jsonl", "probe.jsonl", "log.jsonl", "struck.jsonl"


class Given(msgspec.Struct, frozen=True, tag_field="kind", tag="given", gc=False):
    """A platform gave a message away. `again`: it gives it again until it is confirmed."""

    conversation: str
    number: int
    at: float
    again: bool


class Heard(msgspec.Struct, frozen=True, tag_field="kind", tag="heard", gc=False):
    """A platform received an answer, and which execution of which node made it."""

    conversation: str
    number: int
    execution: str
    attempt: int
    node: str
    at: float


class Ran(msgspec.Struct, frozen=True, tag_field="kind", tag="ran", gc=False):
    """The probe's handler began."""

    conversation: str
    number: int
    execution: str
    attempt: int
    node: str
    at: float


class Kept(msgspec.Struct, frozen=True, tag_field="kind", tag="kept"):
    """What the probe's store held of a conversation at the end, in the order in which it became real."""

    conversation: str
    numbers: list[int]
    count: int
    at: float


class Logged(msgspec.Struct, frozen=True, tag_field="kind", tag="logged", gc=False):
    """A row of Kagami's message log at the end. `outcome` is a trace's for `in`, a send's state for `out`."""

    conversation: str
    number: int
    direction: Literal["in", "out"]
    execution: str
    outcome: str
    reason: str = ""


class Struck(msgspec.Struct, frozen=True, tag_field="kind", tag="struck"):
    """Something was done to the cluster, from `at` until `over`. What stands behind a colon names the node."""

    what: str
    at: float
    over: float


Line = Given | Heard | Ran | Kept | Logged | Struck


def read(path: Path) -> Iterator[Line]:
    """The lines of a file, oldest first; none when it is not there."""
    decode = msgspec.json.Decoder(Line).decode
    if path.exists():
        for line in path.read_bytes().splitlines():
            yield decode(line)


def write(path: Path, lines: Sequence[Line]) -> None:
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
