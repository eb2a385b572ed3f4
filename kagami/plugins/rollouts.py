"""Which version of a plugin a chat gets while a new one is tried on a share of the chats.

An operator's pin decides first, then the chat's bucket. The bucket comes from the rollout's salt and is kept from the
chat's first event on (its arm), so a chat goes to the other version only when a change of the weight crosses its
bucket, or when the rollout ends. Without the kept arms the salt gives the same buckets again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, KeysView, Mapping, Sequence
from itertools import islice
from typing import Literal, NamedTuple

import msgspec

from kagami import log
from kagami.clock import Clock
from kagami.core.canary import Tally, bucket, fairest, judge, on_canary
from kagami.errors import NotFound, UsageError
from kagami.i18n import mark
from kagami.plugins.facts import chat_key, fact, read_facts, split_chat_key
from kagami.plugins.values import Values
from kagami.ports import StorePut

ROLLOUTS = "@rollouts"
PINS = "@pins"
ARMS = "@arms"
# Chats beyond this many (in private anybody is one) go by the salt alone.
MOST_ARMS = 100_000
MOST_STEPS = 50
MOST_CHATS = 500
SALTS = 64
ALL = 100
DROPPED_AT_ONCE = 1_000
_log = log.get("plugins")

# A bot and a chat.
Place = tuple[str, str]


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was done to a rollout: `begin`, `weigh`, `promote` or `abort`."""

    at_ms: int
    what: str
    version: str
    weight: int
    reason: str = ""


class Rollout(msgspec.Struct, frozen=True, omit_defaults=True):
    """`version` is tried on `weight` percent of the chats, `stable` serves the others.

    `epoch` counts the plugin's rollouts; a canary that takes another's place goes on with its epoch and salt.
    `aborted` are reasons by version.
    """

    plugin: str
    version: str
    stable: str
    weight: int
    salt: str
    since_ms: int
    epoch: int = 1
    ended: Literal["", "promoted", "aborted"] = ""
    reason: str = ""
    steps: tuple[Step, ...] = ()
    aborted: dict[str, str] = {}


class Pin(msgspec.Struct, frozen=True):
    """The version on which an operator keeps a chat."""

    version: str
    since_ms: int


class Arm(msgspec.Struct, frozen=True):
    """The bucket that a chat got in the rollouts of an epoch."""

    bucket: int
    epoch: int


class Chosen(NamedTuple):
    """The version for a chat ("" is the stable one), why, and what has to be staged with the event to keep that."""

    version: str = ""
    reason: str = ""
    write: StorePut | None = None


STABLE = Chosen()


class Rollouts:
    """All in memory after `open`. `active` are the rollouts that run, by plugin."""

    def __init__(self, values: Values, clock: Clock, new_salt: Callable[[], str]) -> None:
        self._values = values
        self._clock = clock
        self._new_salt = new_salt
        self._changing = asyncio.Lock()
        self._kept: dict[str, Rollout] = {}
        self._pins: dict[str, dict[Place, Pin]] = {}
        self._arms: dict[str, dict[Place, int]] = {}
        self._chosen: dict[str, dict[Place, Chosen]] = {}
        self._tallies: dict[tuple[str, str], Tally] = {}
        self.active: dict[str, Rollout] = {}

    async def open(self) -> None:
        """Read what was kept, and drop arms of rollouts that are over."""
        self._kept = await read_facts(self._values, ROLLOUTS, Rollout)
        self.active = {plugin: each for plugin, each in self._kept.items() if not each.ended}
        self._pins, self._arms, stale = {}, {}, []
        for key, pin in (await read_facts(self._values, PINS, Pin)).items():
            plugin, *place = split_chat_key(key)
            self._pins.setdefault(plugin, {})[place[0], place[1]] = pin
        for key, arm in (await read_facts(self._values, ARMS, Arm)).items():
            plugin, *place = split_chat_key(key)
            if plugin in self.active and self.active[plugin].epoch == arm.epoch:
                self._arms.setdefault(plugin, {})[place[0], place[1]] = arm.bucket
            else:
                stale.append(key)
        self._chosen = {plugin: {} for plugin in (*self.active, *self._pins)}
        await self._drop(stale)

    @property
    def mixed(self) -> KeysView[str]:
        """Plugins that not all chats get in the same version; for others there is nothing to choose."""
        return self._chosen.keys()

    def choose(self, plugin: str, bot: str, chat: str) -> Chosen:
        """Asked for every event. It may be asked again for the same event: only `decided` changes the answer."""
        known = self._chosen.get(plugin)
        if known is None:
            return STABLE
        place = (bot, chat)
        return known.get(place) or self._choose(plugin, place, known)

    def decided(self, plugin: str, bot: str, chat: str) -> None:
        """The `write` of this chat is staged: it is not needed again."""
        running = self.active.get(plugin)
        if running is None:
            return
        place = (bot, chat)
        self._arms.setdefault(plugin, {}).setdefault(place, bucket(running.salt, bot, chat))
        self._chosen[plugin].pop(place, None)

    def aborted(self, plugin: str, version: str) -> str:
        """Why this version was taken back, or "": only an operator may try it again."""
        kept = self._kept.get(plugin)
        return kept.aborted.get(version, "") if kept else ""

    async def offer(
        self, plugin: str, version: str, stable: str, weight: int, *, chats: Sequence[Place] = ()
    ) -> Rollout | None:
        """Begin because a manifest says so (`canary_weight`); None when there is nothing to begin.

        A version that was in a rollout before is what operators made of it. A version that takes another canary's
        place keeps that one's weight.
        """
        kept = self._kept.get(plugin)
        if kept is not None and (kept.version == version or version in kept.aborted):
            return None
        running = self.active.get(plugin)
        return await self.begin(plugin, version, stable, running.weight if running else weight, chats=chats)

    async def begin(
        self, plugin: str, version: str, stable: str, weight: int, *, chats: Sequence[Place] = ()
    ) -> Rollout:
        """Try a version on a share of the chats, also one that was aborted before.

        While a rollout runs, the version takes its canary's place, and the same chats stay on the canary's side.
        Of a new rollout the salt is one that splits `chats`, as many known ones as possible, evenly.
        """
        _check_weight(weight)
        async with self._changing:
            kept = self._kept.get(plugin)
            if kept is not None and not kept.ended:
                epoch, salt = kept.epoch, kept.salt
            else:
                epoch = kept.epoch + 1 if kept else 1
                salt = fairest((self._new_salt() for _ in range(SALTS)), chats[:MOST_CHATS])
            aborted = {each: why for each, why in kept.aborted.items() if each != version} if kept else {}
            now_ms, steps = self._clock.wall_ms(), kept.steps if kept else ()
            fresh = Rollout(plugin, version, stable, weight, salt, now_ms, epoch, steps=steps, aborted=aborted)
            changed = await self._keep(self._stepped(fresh, "begin"))
        for each in (version, stable):
            self._tallies.setdefault((plugin, each), Tally()).begin()
        return changed

    async def weigh(self, plugin: str, weight: int) -> Rollout:
        """Change the share. `NotFound` when no rollout of the plugin runs."""
        _check_weight(weight)
        async with self._changing:
            changed = msgspec.structs.replace(self._running(plugin), weight=weight)
            return await self._keep(self._stepped(changed, "weigh"))

    async def promote(self, plugin: str) -> Rollout:
        """The version is the stable one from now on: the rollout is over. `NotFound` when none runs."""
        async with self._changing:
            changed = msgspec.structs.replace(self._running(plugin), weight=ALL, ended="promoted")
            return await self._end(self._stepped(changed, "promote"))

    async def abort(self, plugin: str, reason: str, *, version: str = "") -> Rollout:
        """All chats get the stable version; this one is not tried again by `offer`.

        `NotFound` when none runs, or, with `version`, when that is not its canary.
        """
        async with self._changing:
            old = self._running(plugin)
            if version and old.version != version:
                raise NotFound(what="canary", name=f"{plugin} {version}")
            aborted = {**old.aborted, old.version: reason}
            changed = msgspec.structs.replace(old, weight=0, ended="aborted", reason=reason, aborted=aborted)
            _log.warning("a canary is aborted", plugin=plugin, version=old.version, reason=reason)
            return await self._end(self._stepped(changed, "abort"))

    def pins(self, plugin: str) -> Mapping[Place, Pin]:
        """Chats that operators keep on a version, by bot and chat."""
        return self._pins.get(plugin, {})

    async def pin_chat(self, plugin: str, bot: str, chat: str, version: str) -> Pin:
        """Keep a chat on a version, whatever becomes of rollouts."""
        pin = Pin(version, self._clock.wall_ms())
        async with self._changing:
            await self._values.put_many((fact(PINS, chat_key(plugin, bot, chat), pin),))
            self._pins.setdefault(plugin, {})[bot, chat] = pin
            self._forget(plugin)
        return pin

    async def unpin_chat(self, plugin: str, bot: str, chat: str) -> bool:
        """Give a chat back to the rollout, in which it is where it was. False when it had no pin."""
        async with self._changing:
            pins = self._pins.get(plugin, {})
            if (bot, chat) not in pins:
                return False
            await self._values.put_many((fact(PINS, chat_key(plugin, bot, chat), None),))
            del pins[bot, chat]
            if not pins:
                del self._pins[plugin]
            self._forget(plugin)
        return True

    def note(self, plugin: str, version: str, seconds: float, *, failed: bool) -> None:
        """A version handled an event."""
        tally = self._tallies.get((plugin, version))
        if tally is None:
            tally = self._tallies[plugin, version] = Tally()
        tally.note(seconds, failed=failed)

    def tally(self, plugin: str, version: str) -> Tally:
        """What a version did in this process."""
        return self._tallies.get((plugin, version)) or Tally()

    def verdict(self, plugin: str) -> str:
        """Why the plugin's rollout must be aborted, or ""."""
        running = self.active.get(plugin)
        if running is None or not running.weight:
            return ""
        return judge(self.tally(plugin, running.version), self.tally(plugin, running.stable))

    def _choose(self, plugin: str, place: Place, known: dict[Place, Chosen]) -> Chosen:
        pin = self._pins.get(plugin, {}).get(place)
        running = self.active.get(plugin)
        if pin is not None:
            chosen = Chosen(pin.version, "pinned by an operator")
        elif running is None:
            return STABLE
        else:
            chosen = self._by_bucket(running, place)
        if len(known) < MOST_ARMS:
            known[place] = chosen
        return chosen

    def _by_bucket(self, running: Rollout, place: Place) -> Chosen:
        arms = self._arms.get(running.plugin, {})
        own, write = arms.get(place), None
        if own is None:
            own = bucket(running.salt, *place)
            if len(arms) < MOST_ARMS:
                write = fact(ARMS, chat_key(running.plugin, *place), Arm(own, running.epoch))
        if on_canary(own, running.weight):
            return Chosen(running.version, f"canary {own / 100:.2f} < {running.weight}", write)
        return Chosen("", f"canary {own / 100:.2f} >= {running.weight}", write)

    def _running(self, plugin: str) -> Rollout:
        running = self.active.get(plugin)
        if running is None:
            raise NotFound(what="canary", name=plugin)
        return running

    def _stepped(self, changed: Rollout, what: str) -> Rollout:
        step = Step(self._clock.wall_ms(), what, changed.version, changed.weight, changed.reason)
        return msgspec.structs.replace(changed, steps=(*changed.steps, step)[-MOST_STEPS:])

    async def _keep(self, changed: Rollout) -> Rollout:
        """Nobody sees a change before it is on disk: after a crash it is either made or was never seen."""
        await self._values.put_many((fact(ROLLOUTS, changed.plugin, changed),))
        self._kept[changed.plugin] = changed
        if changed.ended:
            self.active.pop(changed.plugin, None)
        else:
            self.active[changed.plugin] = changed
        self._forget(changed.plugin)
        return changed

    async def _end(self, changed: Rollout) -> Rollout:
        kept = await self._keep(changed)
        arms = self._arms.pop(changed.plugin, {})
        await self._drop(chat_key(changed.plugin, *place) for place in arms)
        return kept

    def _forget(self, plugin: str) -> None:
        """Choose anew for every chat of a plugin."""
        if plugin in self.active or plugin in self._pins:
            self._chosen[plugin] = {}
        else:
            self._chosen.pop(plugin, None)

    async def _drop(self, keys: Iterable[str]) -> None:
        left = iter(keys)
        while some := list(islice(left, DROPPED_AT_ONCE)):
            await self._values.put_many([fact(ARMS, key, None) for key in some])


def _check_weight(weight: int) -> None:
    if not 0 <= weight <= ALL:
        raise UsageError(reason=mark("A weight is a share of chats in percent, 0 to 100."))
