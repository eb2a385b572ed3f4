"""Keys become actions, and actions the methods of whoever offers them."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from textual.binding import BindingsMap, BindingType

from kagami.errors import KagamiError
from kagami.tui.keymap import Keymap
from kagami.tui.keys import Action, bindings

Verb = Callable[[], "Awaitable[None] | None"]


class Acting:
    """Mixed into a widget, a screen or the app: its bindings are made of `ACTIONS`, its verbs do them.

    `actions` are the same with the keys that this person has chosen.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = ()
    BINDINGS: ClassVar[list[BindingType]] = []

    actions: tuple[Action, ...]
    _bindings: BindingsMap

    def __init_subclass__(cls, **kwargs: Any) -> None:
        cls.BINDINGS = list(bindings(cls.ACTIONS))
        cls.actions = cls.ACTIONS
        super().__init_subclass__(**kwargs)

    def rekey(self, keymap: Keymap) -> None:
        """Take the person's own keys instead of the shipped ones."""
        before, self.actions = self.actions, keymap.of(self.ACTIONS)
        if self.actions != before:
            self._bindings = BindingsMap(bindings(self.actions))

    def verbs(self) -> Mapping[str, Verb]:
        """What each of `ACTIONS` does, by id. Asynchronous verbs run beside the keyboard and may ask and prompt."""
        return {}

    def refusal(self, action: Action) -> str:  # noqa: ARG002
        """Why it cannot be done now, in the user's language; empty when it can."""
        return ""

    def refuse(self, action: Action, reason: str) -> None:
        """Tell the user that `action` was not done."""
        raise NotImplementedError

    def start(self, action: Action, work: Awaitable[None]) -> None:
        """Run an asynchronous verb beside the keyboard, through `finish`."""
        raise NotImplementedError

    def action_act(self, action_id: str) -> None:
        """Do one of `ACTIONS`, or say why not."""
        action = next(each for each in self.actions if each.id == action_id)
        reason = self.refusal(action)
        if reason:
            self.refuse(action, reason)
            return
        done = self.verbs()[action_id]()
        if inspect.isawaitable(done):
            self.start(action, done)

    async def finish(self, action: Action, work: Awaitable[None], text: Callable[[str], str]) -> None:
        """Await a verb; what the engine refuses is told in the user's language."""
        try:
            await work
        except KagamiError as error:
            self.refuse(action, error.text(text))
