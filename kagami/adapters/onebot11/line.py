"""One connection to an implementation: the calls that wait on it, and how it ends."""

from __future__ import annotations

import asyncio

from kagami.core.calls import Calls
from kagami.core.handshake import Role
from kagami.errors import Refused, WireError
from kagami.model.action import Action, Failed, Receipt, Unknown
from kagami.onebot.read import read_receipt
from kagami.onebot.wire import Frame
from kagami.onebot.write import write_action
from kagami.ports import Socket

OFFLINE = Failed("offline")
BROKEN = "the connection was lost before the answer came"


class Line:
    """A socket in a role. `dead` is set by whoever found that nobody answers on it any more."""

    def __init__(self, socket: Socket, role: Role) -> None:
        self.socket = socket
        self.role = role
        self.dead = False
        self._calls: Calls[Frame | None] = Calls()

    @property
    def seats(self) -> tuple[str, ...]:
        """What this connection is for: `event`, `api`, or both."""
        return ("event", "api") if self.role == "universal" else (self.role,)

    async def call(self, action: Action, *, seconds: float) -> Receipt:
        """Send an action and wait for what came of it, at most `seconds`. Never raises for the peer's doing."""
        answer: asyncio.Future[Frame | None] = asyncio.get_running_loop().create_future()

        def settle(frame: Frame | None) -> None:
            if not answer.done():
                answer.set_result(frame)

        echo = self._calls.issue(settle)
        try:
            await self.socket.send(write_action(action, echo))
            async with asyncio.timeout(seconds):
                frame = await answer
            return Unknown(BROKEN) if frame is None else read_receipt(action, frame)
        except EOFError:
            return OFFLINE
        except Refused as error:
            return Failed(error.text())
        except (ConnectionError, TimeoutError, WireError) as error:
            return Unknown(_doubt(error, seconds))
        finally:
            self._calls.forget(echo)

    def answered(self, frame: Frame) -> bool:
        """A response came; False when nobody waits for it."""
        return self._calls.resolve(frame.echo, frame)

    def ended(self) -> int:
        """The connection is gone; returns how many calls will never be answered."""
        return self._calls.abandon(None)


def _doubt(error: ConnectionError | TimeoutError | WireError, seconds: float) -> str:
    """Why it is not known what came of a call that was written."""
    match error:
        case ConnectionError():
            return f"the connection was lost while sending: {error}"
        case TimeoutError():
            return f"no answer within {seconds:g} s"
    return error.text()
