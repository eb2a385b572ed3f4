"""The door of `#` commands: who may come in, and a row in the audit for who may not."""

from __future__ import annotations

from collections.abc import Collection

from kagami.clock import Clock
from kagami.core.scopes import identity, super_admin
from kagami.model.event import Event
from kagami.model.principal import Principal
from kagami.net.supervise import Nursery
from kagami.ports import Store

SIGN = "#"
CONSOLE_USER = "sandbox:10001"


class ChatDesk:
    """`admins` are `platform:user id`. The sandbox's own user is one: whoever sits at the console may do all."""

    def __init__(self, admins: Collection[str], store: Store, nursery: Nursery, clock: Clock) -> None:
        self._admins = frozenset(admins) | {CONSOLE_USER}
        self._store = store
        self._nursery = nursery
        self._clock = clock

    def configure(self, admins: Collection[str]) -> None:
        """Go on with other admins."""
        self._admins = frozenset(admins) | {CONSOLE_USER}

    @staticmethod
    def is_command(event: Event) -> bool:
        """Whether it looks like `#word`; `# a heading` and `#1` are ordinary text."""
        text = event.text
        return event.kind == "message" and text.startswith(SIGN) and text[1:2].isalpha()

    def knows(self, event: Event) -> bool:
        """Whether the sender may give commands."""
        return identity(event) in self._admins

    def admit(self, event: Event) -> Principal | None:
        """The principal behind a `#` command; None, and a row in the audit, for everybody else."""
        principal = super_admin(event, self._admins)
        if principal is None:
            who = Principal("chat", identity(event))
            command = event.text.partition(" ")[0][:64]
            audit = self._store.audit(self._clock.wall_ms(), who, f"chat {command}", event.chat, "denied")
            self._nursery.start("audit", audit)
        return principal
