"""The privacy guard: what leaves this house or is shown in it holds stand-ins, and what comes back holds the values.

A chat is named by `place_of(bot, chat)`; each has stand-ins of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol, TypeVar

from kagami.core.privacy.config import PrivacyConfig, Where
from kagami.core.privacy.span import Span
from kagami.model.event import Event

T = TypeVar("T")


class Privacy(Protocol):
    def adopt(self, config: PrivacyConfig) -> None:
        """Go on by other settings; `ValueError` names a pattern that is none."""
        ...

    def guards(self, where: Where) -> bool:
        """Whether the guard is on for what goes there. Nothing else need be asked when it is not."""
        ...

    def inspect(self, text: str, kinds: Collection[str] = ()) -> tuple[str, list[Span]]:
        """What would be masked, with numbers from 1, also when the guard is off; no kinds are those of the settings."""
        ...

    def keep_secret(self, *values: str) -> None:
        """Hide these from now on wherever `redact` is used, as in logs and traces."""
        ...

    def redact(self, text: str) -> str:
        """Without live secrets; also when the guard is off."""
        ...

    def mask(self, text: str, chat: str, *, both_ways: bool = False) -> str:
        """With stand-ins. `both_ways` is for what comes back: then what was written as one comes back as it was."""
        ...

    def restore(self, text: str, chat: str) -> str:
        """With what the stand-ins of this chat stand for; all others stay."""
        ...

    def meet(self, event: Event) -> None:
        """Its sender's names are names in this chat from now on."""
        ...

    def know(self, names: Iterable[str], chat: str) -> None:
        """These are names in this chat from now on."""
        ...

    def masked(self, value: T, chat: str) -> T:
        """A tree of plain values, to be restored later; keys stay, and texts that are an address and nothing else."""
        ...

    def restored(self, value: T, chat: str) -> T: ...

    def outside(self, event: Event, end: int = 0) -> tuple[Event, int]:
        """An event as processes and workers may see it, and where `end` of its text is in the masked one.

        User ids and chats stay: answers find their way by them. The platform's own frame is left out.
        """
        ...
