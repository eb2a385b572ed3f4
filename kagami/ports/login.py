"""Logging an account in, step after step, in a form that every face can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from kagami.i18n import Translate, mark
from kagami.reasons.say import say

# wait: nothing to do yet. qr: draw `qr`. scanned: confirm on the phone. choose: one of `choices`. ask: fill in `asks`.
StepKind = Literal["wait", "qr", "scanned", "choose", "ask", "done", "failed"]

# What people call the words that steps ask for.
ASKED = {
    "code": mark("code"),
    "password": mark("password"),
    "randstr": mark("randstr"),
    "ticket": mark("ticket"),
    "uin": mark("QQ number"),
}


class Choice(msgspec.Struct, frozen=True):
    """One way on. `label` comes from outside and is text of ours only where `known` says so."""

    key: str
    label: str
    known: bool = False


class LoginStep(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where a login stands. `number` grows with each step; `text` is English, a translation key, with `fields` in it.

    `qr` is the text to draw as a QR code: who has it can log in as the account, so it is in no log. `link` is an
    address for a person to open. `until_ms` is when the step ends by itself, 0 for never. `asks` are the names of what
    `answer` needs, `secret` those of them that nobody may read over a shoulder.
    """

    number: int
    kind: StepKind
    text: str = ""
    fields: dict[str, str] = {}
    qr: str = ""
    link: str = ""
    until_ms: int = 0
    choices: tuple[Choice, ...] = ()
    asks: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        return self.kind in ("done", "failed")

    def words(self, t: Translate) -> str:
        """`text` in a person's language. Of the fields only a `reason` may be of ours: the others come from outside."""
        told = {name: say(each, t) if name == "reason" else each for name, each in self.fields.items()}
        try:
            return t(self.text).format(**told)
        except (KeyError, IndexError, ValueError):
            return t(self.text)


class Login(Protocol):
    """One login that is under way. Several may look at it."""

    async def step(self, after: int = 0, seconds: float = 0.0) -> LoginStep:
        """The present step; with `after`, the first one behind that number, waited for at most so many seconds."""
        ...

    async def answer(self, words: Mapping[str, str]) -> None:
        """What a step asked for: `{"choice": key}` of a choice. `UsageError` when it asks for nothing like it."""
        ...

    async def refresh(self) -> None:
        """Ask for another code at once."""
        ...

    async def close(self) -> None:
        """Give it up."""
        ...
