"""What was decided about plugins while they run: by operators, by rollouts, by quarantine. Kept among their values."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from kagami.clock import Clock
from kagami.i18n import Translate
from kagami.plugins.choices import Choices
from kagami.plugins.quarantine import Quarantine
from kagami.plugins.roles import Roles
from kagami.plugins.rollouts import Rollouts
from kagami.plugins.switches import Switches
from kagami.plugins.values import Values


class Decisions:
    """`varied` are the plugins whose version, or presence, depends on the chat; mostly there are none."""

    def __init__(self, values: Values, clock: Clock, translate: Translate = str) -> None:
        self.choices = Choices(values)
        self.rollouts = Rollouts(values, clock, lambda: secrets.token_hex(16), translate=translate)
        self.switches = Switches(values)
        self.quarantine = Quarantine(values, clock)
        self.roles = Roles(values)
        self.varied: Collection[str] = ()

    async def open(self) -> None:
        for each in (self.choices, self.rollouts, self.switches, self.quarantine, self.roles):
            await each.open()
        self.note()

    def note(self) -> None:
        """Something was decided anew."""
        self.varied = sorted({*self.rollouts.mixed, *self.switches.plugins})
