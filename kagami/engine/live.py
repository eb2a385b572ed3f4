"""Which part of an engine goes by which settings, and how each is brought in line when they change."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, NamedTuple

from kagami import log
from kagami.centre.shown import changes
from kagami.config import Settings
from kagami.errors import KagamiError, Unavailable
from kagami.i18n import choose, translator
from kagami.ports import AppliedKey, Effect

_WORDS: dict[Effect, Literal["applied", "reopened", "restart needed"]] = {
    "live": "applied",
    "reopen": "reopened",
    "restart": "restart needed",
}
_log = log.get("settings")
Apply = Callable[[Settings], Awaitable[None] | None]


class Voice:
    """A `Translate` that everybody may keep: it speaks the language of the moment."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, text: str) -> str:
        return translator(self.language)(text)


class Applier(NamedTuple):
    """One part. `keys` are dotted, each with all below it; `apply` may be given any settings, any number of times."""

    keys: tuple[str, ...]
    apply: Apply
    effect: Effect = "live"

    def covers(self, key: str) -> bool:
        return any(f"{key}.".startswith(f"{each}.") for each in self.keys)


class Live:
    """The settings that are in force. Parts join with `on`, in the order in which they are to be changed.

    Those that may fail come first: what was changed before a failure is changed back.
    """

    def __init__(self, settings: Settings) -> None:
        self.current = settings
        # The one that is listened on: the settings may leave it to the system.
        self.gateway_port = settings.gateway.port
        self.translate = Voice(language_of(settings))
        self._appliers: list[Applier] = []
        self._checks: list[Callable[[Settings], None]] = []
        self.on(("language",), self._speak)
        self.on(("log.level",), lambda wanted: log.set_level(wanted.log.level))

    @property
    def gateway_url(self) -> str:
        """What an implementation on this machine dials now."""
        return self.current.gateway_at(self.gateway_port)

    def on(self, keys: Sequence[str], apply: Apply, effect: Effect = "live") -> None:
        """Let `apply` bring a part in line whenever one of these keys has changed."""
        self._appliers.append(Applier(tuple(keys), apply, effect))

    def judge(self, check: Callable[[Settings], None]) -> None:
        """Let `check` refuse settings before anything is done (`SettingError`)."""
        self._checks.append(check)

    def effect(self, key: str) -> Effect:
        found = {each.effect for each in self._appliers if each.covers(key)}
        return "reopen" if "reopen" in found else "live" if found else "restart"

    def check(self, wanted: Settings) -> None:
        for check in self._checks:
            check(wanted)

    async def apply(self, wanted: Settings) -> list[AppliedKey]:
        before = self.current
        keys = [each.key for each in changes(before, wanted)]
        begun: list[Applier] = []
        try:
            for each in self._appliers:
                if any(each.covers(key) for key in keys):
                    begun.append(each)
                    await _done(each, wanted)
        except KagamiError:
            for each in reversed(begun):
                await self._back(each, before)
            raise
        self.current = wanted
        return [AppliedKey(key, _WORDS[self.effect(key)]) for key in keys]

    async def _back(self, part: Applier, before: Settings) -> None:
        try:
            await _done(part, before)
        except KagamiError as error:
            _log.error("a part does not go back to its settings", keys=", ".join(part.keys), reason=error.text())

    def _speak(self, wanted: Settings) -> None:
        self.translate.language = language_of(wanted)


async def _done(part: Applier, wanted: Settings) -> None:
    try:
        doing = part.apply(wanted)
        if doing is not None:
            await doing
    except OSError as error:
        raise Unavailable(what=part.keys[0], reason=error.strerror or str(error)) from error


def language_of(settings: Settings) -> str:
    """The language of what the engine says by itself."""
    return choose(settings.language or None, os.environ)
