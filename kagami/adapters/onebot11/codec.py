"""What a frame from an implementation is to us. Pure: bytes in, values out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from kagami.core.handshake import DEFAULT_PLATFORM
from kagami.errors import WireError
from kagami.model.action import Action, Call, Receipt, Sent
from kagami.model.event import Event
from kagami.model.ids import BotId, ExecutionId, bot_id
from kagami.onebot.embedded import MARK, Keep, take_out
from kagami.onebot.read import Heartbeat, Lifecycle, read_event, read_meta, refused
from kagami.onebot.wire import Frame, decode

LONGEST_NAME = 64
LONGEST_REMARK = 500
_ADDRESS = re.compile(r"[a-z]+://\S+", re.ASCII | re.IGNORECASE)


class Identity(NamedTuple):
    """An account and the bot that it is here."""

    bot: BotId
    account: str


class Dialect(NamedTuple):
    """How an implementation departs from the standard.

    `adapter` is the kind of its bots. `wrapped` names, for an action, the key behind which its answer lies. `cq` says
    that it reads messages as CQ strings only.
    """

    adapter: str = "onebot11"
    platform: str = DEFAULT_PLATFORM
    wrapped: Mapping[str, str] = {}
    cq: bool = False


STANDARD = Dialect()


class Remark(msgspec.Struct, frozen=True):
    """A line of an implementation's own log, sent as if it were an event."""

    level: str = ""
    message: str = ""

    @property
    def shown(self) -> str:
        """Without addresses: WxBot writes the one that its login's QR code shows."""
        return _ADDRESS.sub("<address>", self.message[:LONGEST_REMARK])


Told = Event | Lifecycle | Heartbeat | Frame | Remark | None


def identity(platform: str, account: str) -> Identity:
    return Identity(bot_id(platform, account), account)


def read(
    raw: bytes, who: Identity, *, execution: Callable[[int], ExecutionId], now_ms: int, keep: Keep | None = None
) -> Told:
    """An event, a meta event, the response to a call (a `Frame`), a `Remark`, or None for what needs no answer.

    `execution` is asked for an id of this moment when the frame is an event; `keep` gets the files that are in it, and
    the event has what it returns in their place. `WireError` for everything that is not OneBot 11, and for a frame that
    speaks for another account than the handshake did.
    """
    # `find`: for `in`, bytes first make an error of not being a number.
    if keep is not None and raw.find(MARK) >= 0:
        raw = take_out(raw, keep)
    frame = decode(raw)
    if frame.is_response:
        return frame
    if frame.post_type == "log":
        return _read_remark(raw)
    if frame.self_id is not None and str(frame.self_id) != who.account:
        raise WireError(reason=f"self_id is not {who.account}, the account of this connection")
    if frame.post_type == "meta_event":
        return read_meta(frame)
    return read_event(frame, raw, bot=who.bot, execution=execution(now_ms), now_ms=now_ms)


def _read_remark(raw: bytes) -> Remark:
    try:
        return msgspec.json.decode(raw, type=Remark)
    except msgspec.ValidationError:
        return Remark()


def unwrap(action: Action, receipt: Receipt, dialect: Dialect) -> Receipt:
    """The receipt with the answer as the standard has it."""
    key = dialect.wrapped.get(action.name) if isinstance(action, Call) else None
    if key is None or not isinstance(receipt, Sent) or not isinstance(receipt.result, dict):
        return receipt
    return Sent(receipt.message_id, receipt.result.get(key, receipt.result))


class Introduction(NamedTuple):
    """`account` is empty as long as a peer has not said it; `refusal` says why it will not speak with us."""

    account: str = ""
    refusal: str = ""


def read_introduction(raw: bytes) -> Introduction:
    """What one of the first frames of an outgoing connection tells. NapCat accepts every handshake and refuses here."""
    try:
        frame = decode(raw)
        refusal = refused(frame)
    except WireError:
        return Introduction()
    if refusal is not None:
        return Introduction(refusal=refusal)
    told = frame.data.get("user_id") if frame.is_response and isinstance(frame.data, dict) else frame.self_id
    return Introduction(account=_account(told))


def _account(told: Any) -> str:
    """An account's id; empty as long as nobody is logged in."""
    return str(told) if isinstance(told, int | str) and told not in (0, "0") else ""


def read_nickname(result: object) -> str:
    """The name in an answer to `get_login_info`; empty when there is none."""
    name = result.get("nickname") if isinstance(result, dict) else None
    return name[:LONGEST_NAME] if isinstance(name, str) else ""
