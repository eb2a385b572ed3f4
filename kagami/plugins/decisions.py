"""What was decided about plugins while they run: by operators, by rollouts, by quarantine. Kept among their values."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence

from kagami.clock import Clock
from kagami.model.event import Event
from kagami.plugins.choices import Choices
from kagami.plugins.lineup import Variation
from kagami.plugins.manifest import Manifest
from kagami.plugins.quarantine import Quarantine
from kagami.plugins.roles import Roles
from kagami.plugins.rollouts import Rollouts
from kagami.plugins.switches import Switches
from kagami.plugins.values import Values
from kagami.ports import Execution

# Known chats, as (bot, chat).
Chats = Callable[[], Awaitable[Sequence[tuple[str, str]]]]


async def no_chats() -> Sequence[tuple[str, str]]:
    return ()


class Decisions:
    """`varied` are the plugins whose version, or presence, depends on the chat; mostly there are none."""

    def __init__(self, values: Values, clock: Clock) -> None:
        self.choices = Choices(values)
        self.rollouts = Rollouts(values, clock, lambda: secrets.token_hex(16))
        self.switches = Switches(values)
        self.quarantine = Quarantine(values, clock)
        self.roles = Roles(values)
        self.varied: Collection[str] = ()

    async def open(self) -> None:
        for each in (self.choices, self.rollouts, self.switches, self.quarantine, self.roles):
            await each.open()
        self.note()

    def variation(self, event: Event, execution: Execution | None = None) -> Variation:
        """What a chat gets in place of stable versions. With `execution` the choice is kept together with the event."""
        bot, chat = event.bot, event.chat
        found: list[tuple[str, str]] = []
        for plugin in self.varied:
            if self.switches.is_off(plugin, bot, chat):
                found.append((plugin, ""))
                continue
            choice = self.rollouts.choose(plugin, bot, chat)
            if choice.write is not None and execution is not None:
                execution.stage(choice.write)
                self.rollouts.decided(plugin, bot, chat)
            if choice.version:
                found.append((plugin, choice.version))
        return tuple(found)

    def wanted(self, plugin: str) -> set[str]:
        """Versions that some chats get: the canary, and those that chats are pinned to."""
        rollout = self.rollouts.active.get(plugin)
        pinned = {pin.version for pin in self.rollouts.pins(plugin).values()}
        return pinned | {rollout.version} if rollout else pinned

    async def declare(self, canary: Manifest, stable: str, chats: Chats) -> None:
        """Take up the canary that a manifest asks for; an operator's own weight stays until the manifest changes."""
        plugin, version, weight = canary.id, canary.version, canary.canary_weight or 0
        before = self.choices.of(plugin).declared.get(version)
        if before is None:
            await self.rollouts.offer(plugin, version, stable, weight, chats=await chats())
        elif before != weight and (running := self.rollouts.active.get(plugin)) and running.version == version:
            await self.rollouts.weigh(plugin, weight)
        await self.choices.change(plugin, declared={version: weight})

    def note(self) -> None:
        """Something was decided anew."""
        self.varied = sorted({*self.rollouts.mixed, *self.switches.plugins})
