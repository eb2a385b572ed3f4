"""What follows a breach: a warning, and after some of them more."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .rules import Deed, Rules

DAY_MS = 86_400_000
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Record:
    """What is held against one user. Times are milliseconds since 1970."""

    warnings: int = 0
    mutes: int = 0
    last_ms: int = 0
    muted_until_ms: int = 0


@dataclass(frozen=True)
class Step:
    """`delete` takes the message back, `then` is what is done to its author; `record` is the new one."""

    record: Record
    delete: bool
    then: Deed | None


def decide(record: Record, rules: Rules, now_ms: int) -> Step:
    """One breach more. What was still on its way when its author was muted is taken back and not counted."""
    delete = rules.action != "warn"
    if now_ms < record.muted_until_ms:
        return Step(record, delete, None)
    if now_ms - record.last_ms > rules.forget_days * DAY_MS:
        record = Record()
    record = replace(record, warnings=record.warnings + 1, last_ms=now_ms)
    then = _then(record, rules)
    if then == "mute":
        until = now_ms + rules.mute_minutes * MINUTE_MS
        record = replace(record, warnings=0, mutes=record.mutes + 1, muted_until_ms=until)
    elif then == "kick":
        record = Record()
    return Step(record, delete, then)


def _then(record: Record, rules: Rules) -> Deed:
    if rules.action == "kick":
        return "kick"
    enough = rules.mute_after and record.warnings >= rules.mute_after
    if rules.action != "mute" and not enough:
        return "warn"
    return "kick" if rules.kick_after and record.mutes >= rules.kick_after else "mute"
