"""One connection to an implementation: the calls that wait on it, and how it ends."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any

import msgspec

from kagami.adapters.onebot11.codec import STANDARD, Dialect, unwrap
from kagami.core.calls import Calls
from kagami.core.handshake import Role
from kagami.errors import NotFound, Refused, Unavailable, WireError
from kagami.model.action import Action, Call, Failed, Receipt, Send, Sent, Unknown
from kagami.model.message import Message
from kagami.model.segment import AnySegment
from kagami.model.segment import Media as MediaPart
from kagami.net.deadlines import Deadlines
from kagami.onebot.embedded import REFERENCE_MARK, put_in, references
from kagami.onebot.read import read_receipt
from kagami.onebot.wire import Frame
from kagami.onebot.write import write_action
from kagami.ports import Media, Socket

OFFLINE = Failed("offline", "offline")
REFERENCE = "media:"
# NapCat's downloads come in pieces, all with one echo; of its uploads each piece is a call with one answer.
STREAMS = frozenset(
    {"download_file_stream", "download_file_image_stream", "download_file_record_stream", "test_download_stream"}
)
MOST_PIECES = 2_000
MOST_BYTES = 256 * 1024 * 1024
BROKEN = Unknown("the connection was lost before the answer came")


def seats_of(role: Role) -> tuple[str, ...]:
    """What a connection in this role is for: `event`, `api`, or both."""
    return ("event", "api") if role == "universal" else (role,)


class Line:
    """A socket in a role. `dead` is set by whoever found that nobody answers on it any more.

    What an action refers to is read from `media` at the moment of sending: only the frame holds it.
    """

    def __init__(self, socket: Socket, role: Role, media: Media | None = None, dialect: Dialect = STANDARD) -> None:
        self.socket = socket
        self.role = role
        self._media = media
        self._dialect = dialect
        self.dead = False
        self._calls: Calls[Frame | Unknown] = Calls()
        self._streams: dict[str, _Stream] = {}
        self._deadlines: Deadlines[tuple[str, float]] = Deadlines(self._expire)

    @property
    def seats(self) -> tuple[str, ...]:
        return seats_of(self.role)

    async def call(self, action: Action, *, seconds: float) -> Receipt:
        """Send an action and wait for what came of it, at most `seconds`. Never raises for the peer's doing."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Frame | Unknown] = loop.create_future()

        def settle(outcome: Frame | Unknown) -> None:
            if not answer.done():
                answer.set_result(outcome)

        echo = self._calls.issue(settle)
        patience = (echo, seconds)
        self._deadlines.put(patience, loop.time() + seconds)
        if isinstance(action, Call) and action.name in STREAMS:
            self._streams[echo] = _Stream(patience)
        try:
            await self.socket.send(await self._write(action, echo))
            outcome = await answer
            if isinstance(outcome, Unknown):
                return outcome
            receipt = unwrap(action, read_receipt(action, outcome), self._dialect)
            return receipt if not self._streams else _with_pieces(receipt, self._streams.get(echo))
        except EOFError:
            return OFFLINE
        except (Refused, NotFound, Unavailable) as error:
            return Failed(error.text())
        except ConnectionError as error:
            return Unknown(f"the connection was lost while sending: {error}")
        except WireError as error:
            return Unknown(error.text())
        finally:
            self._deadlines.drop(patience)
            self._calls.forget(echo)
            self._streams.pop(echo, None)

    async def _write(self, action: Action, echo: str) -> bytes:
        if self._dialect.cq and isinstance(action, Send):
            action = msgspec.structs.replace(action, message=await self._with_files(action.message))
        frame = write_action(action, echo, cq=self._dialect.cq)
        if self._media is not None and frame.find(REFERENCE_MARK) >= 0:
            frame = put_in(frame, {each: await self._media.read(each) for each in references(frame)})
        return frame

    async def _with_files(self, message: Message) -> Message:
        """The message with the files themselves where it refers to them: inside a CQ string nobody finds them."""
        parts: list[AnySegment] = []
        for part in message:
            if self._media is not None and isinstance(part, MediaPart) and part.file.startswith(REFERENCE):
                content = b64encode(await self._media.read(part.file)).decode()
                parts.append(msgspec.structs.replace(part, file=f"base64://{content}"))
            else:
                parts.append(part)
        return tuple(parts)

    def answered(self, frame: Frame) -> bool:
        """A response came; False when nobody waits for it."""
        if self._streams and isinstance(frame.echo, str) and (stream := self._streams.get(frame.echo)) is not None:
            if stream.takes(frame.data):
                self._deadlines.put(stream.patience, asyncio.get_running_loop().time() + stream.patience[1])
                return True
            if stream.overflowing:
                return self._calls.resolve(frame.echo, Unknown(f"more than {len(stream.pieces)} pieces came"))
        return self._calls.resolve(frame.echo, frame)

    def ended(self) -> int:
        """The connection is gone; returns how many calls will never be answered."""
        self._deadlines.close()
        return self._calls.abandon(BROKEN)

    def _expire(self, patience: tuple[str, float]) -> None:
        echo, seconds = patience
        self._calls.resolve(echo, Unknown(f"no answer within {seconds:g} s"))


class _Stream:
    """The pieces of one answer. Its call waits anew for each."""

    def __init__(self, patience: tuple[str, float]) -> None:
        self.patience = patience
        self.pieces: list[Any] = []
        self._size = 0

    @property
    def overflowing(self) -> bool:
        return len(self.pieces) >= MOST_PIECES or self._size >= MOST_BYTES

    def takes(self, piece: Any) -> bool:
        """Whether this is a piece; the frame that ends the answer is none."""
        kind = piece.get("type") if isinstance(piece, dict) else None
        if kind == "reset":
            self.pieces.clear()
            self._size = 0
        elif kind != "stream" or self.overflowing:
            return False
        else:
            self.pieces.append(piece)
            self._size += sum(len(each) for each in piece.values() if isinstance(each, str))
        return True


def _with_pieces(receipt: Receipt, stream: _Stream | None) -> Receipt:
    """What a stream has brought, beside what ended it, as `pieces`."""
    if stream is None or not isinstance(receipt, Sent) or not isinstance(receipt.result, dict):
        return receipt
    if receipt.result.get("type") == "error":
        return Failed(str(receipt.result.get("data") or receipt.result.get("message") or "the stream broke off")[:500])
    return Sent(result=receipt.result | {"pieces": stream.pieces})
