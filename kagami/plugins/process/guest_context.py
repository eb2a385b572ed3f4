"""What a handler in a child holds in its hand: the same context, whose questions the host puts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from kagami.errors import WireError
from kagami.model.event import Event
from kagami.model.ids import ChatId, UserId
from kagami.model.segment import Image
from kagami.plugins.asking import Inquiry
from kagami.plugins.context import Context
from kagami.plugins.jobs import PluginJobs
from kagami.plugins.process import wire
from kagami.plugins.process.guest_execution import GuestExecution
from kagami.plugins.process.guest_kit import GuestJobs
from kagami.plugins.sayable import as_message
from kagami.plugins.settings import Settings

S = TypeVar("S", bound=Settings)

KINDS: dict[Any, str] = {
    str: "text",
    int: "int",
    float: "float",
    bool: "bool",
    timedelta: "timedelta",
    UserId: "user",
    ChatId: "chat",
    Image: "image",
}


class GuestContext(Context[S]):
    """Types of answers, tries and words of cancelling are judged here; the host waits for one message at a time."""

    __slots__ = ()

    _execution: GuestExecution

    @property
    def jobs(self) -> PluginJobs:
        return GuestJobs(self._execution.line)

    async def put(self, inquiry: Inquiry) -> Event:
        payload = {
            "prompt": None if inquiry.prompt is None else as_message(inquiry.prompt),
            "timeout": inquiry.seconds,
            "commands": inquiry.commands,
            "resumable": inquiry.resumable,
            "wanted": wanted_of(inquiry.wanted),
        }
        self._act()
        self._pause()
        try:
            response = await self._execution.line.request(wire.Ask, payload)
        finally:
            self._resume()
        try:
            return msgspec.convert(response.get("event"), Event)
        except msgspec.ValidationError as error:
            raise WireError(reason=f"the answer is no event: {error}") from None


def wanted_of(kind: Any) -> dict[str, Any] | None:
    """A type of answers as the host knows it."""
    if kind is None:
        return None
    if get_origin(kind) is Literal:
        return {"options": [str(each) for each in get_args(kind)]}
    name = KINDS.get(kind)
    if name is None:  # an `Enum`, or nothing that people can write: that was found out before
        return {"options": [spelling for member in kind for spelling in (str(member.value), member.name)]}
    return {"kind": name}
