"""One connection to an implementation: the calls that wait on it, and how it ends."""

from __future__ import annotations

import asyncio
from base64 import b64encode

import msgspec

from kagami.adapters.onebot11.codec import STANDARD, Dialect, unwrap
from kagami.core.calls import Calls
from kagami.core.handshake import Role
from kagami.errors import NotFound, Refused, Unavailable, WireError
from kagami.model.action import Action, Failed, Receipt, Send, Unknown
from kagami.model.message import Message
from kagami.model.segment import Media as MediaPart
from kagami.net.deadlines import Deadlines
from kagami.onebot.embedded import REFERENCE_MARK, put_in, references
from kagami.onebot.read import read_receipt
from kagami.onebot.wire import Frame
from kagami.onebot.write import write_action
from kagami.ports import Media, Socket

OFFLINE = Failed("offline")
REFERENCE = "media:"
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
        try:
            await self.socket.send(await self._write(action, echo))
            outcome = await answer
            if isinstance(outcome, Unknown):
                return outcome
            return unwrap(action, read_receipt(action, outcome), self._dialect)
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

    async def _write(self, action: Action, echo: str) -> bytes:
        if self._dialect.cq and isinstance(action, Send):
            action = msgspec.structs.replace(action, message=await self._with_files(action.message))
        frame = write_action(action, echo, cq=self._dialect.cq)
        if self._media is not None and frame.find(REFERENCE_MARK) >= 0:
            frame = put_in(frame, {each: await self._media.read(each) for each in references(frame)})
        return frame

    async def _with_files(self, message: Message) -> Message:
        """The message with the files themselves where it refers to them: inside a CQ string nobody finds them."""
        parts = []
        for part in message:
            if self._media is not None and isinstance(part, MediaPart) and part.file.startswith(REFERENCE):
                content = b64encode(await self._media.read(part.file)).decode()
                parts.append(msgspec.structs.replace(part, file=f"base64://{content}"))
            else:
                parts.append(part)
        return tuple(parts)

    def answered(self, frame: Frame) -> bool:
        """A response came; False when nobody waits for it."""
        return self._calls.resolve(frame.echo, frame)

    def ended(self) -> int:
        """The connection is gone; returns how many calls will never be answered."""
        self._deadlines.close()
        return self._calls.abandon(BROKEN)

    def _expire(self, patience: tuple[str, float]) -> None:
        echo, seconds = patience
        self._calls.resolve(echo, Unknown(f"no answer within {seconds:g} s"))
