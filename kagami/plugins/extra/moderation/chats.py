"""Which groups are guarded, and how. In memory, so that a message costs no reading from the store."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kagami.plugins.api import Context

from .rules import Rules, with_own
from .words import WordList, plain

# What is kept of a group, all under one beginning, so that one reading has it.
CONFIG = "config/"
ON = f"{CONFIG}on"
OWN = f"{CONFIG}rule/"
WORDS = f"{CONFIG}word/"

MOST_CHATS = 10_000
# After so many seconds it is read again: another process may have changed it.
GUARDED_S, UNGUARDED_S = 60.0, 600.0


class Guarded(NamedTuple):
    """A group's own rules over the operator's, and its words."""

    rules: Rules
    words: WordList


class _Known(NamedTuple):
    guarded: Guarded | None
    until: float


class Chats:
    """`general` are the operator's words, for all groups that are guarded. `begin` comes before all else."""

    def __init__(self, most: int = MOST_CHATS, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()
        self._changes = 0
        self.general = WordList(())

    def begin(self, rules: Rules) -> None:
        self._known.clear()
        self.general = WordList(rules.words)

    async def of(self, ctx: Context[Rules]) -> Guarded | None:
        """How this group is guarded; None when it is not."""
        known = self._known.get((ctx.bot, ctx.chat))
        if known is not None and self._clock() < known.until:
            self._known.move_to_end((ctx.bot, ctx.chat))
            return known.guarded
        changes = self._changes
        guarded = read(ctx.settings, await ctx.store.chat.list(CONFIG))
        # What was changed while it was being read is newer than what was read.
        if changes == self._changes:
            self._keep(ctx, guarded)
        return guarded

    async def changed(self, ctx: Context[Rules]) -> Guarded | None:
        """To be called after every change of what is kept under `CONFIG`: a handler reads its own writes."""
        self._changes += 1
        guarded = read(ctx.settings, await ctx.store.chat.list(CONFIG))
        self._keep(ctx, guarded)
        return guarded

    def _keep(self, ctx: Context[Rules], guarded: Guarded | None) -> None:
        key = (ctx.bot, ctx.chat)
        self._known[key] = _Known(guarded, self._clock() + (UNGUARDED_S if guarded is None else GUARDED_S))
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)


def read(rules: Rules, kept: Mapping[str, Any]) -> Guarded | None:
    """Of what the store keeps of a group."""
    if not kept.get(ON):
        return None
    own = {key.removeprefix(OWN): value for key, value in kept.items() if key.startswith(OWN)}
    return Guarded(with_own(rules, own), WordList(words_of(kept)))


def words_of(kept: Mapping[str, Any]) -> list[str]:
    """The group's own words, as they were written."""
    return [str(value) for key, value in kept.items() if key.startswith(WORDS)]


def key_of(word: str) -> str:
    """One key a word, so that two admins who write at the same time do not undo each other."""
    return f"{WORDS}{plain(word)}"
