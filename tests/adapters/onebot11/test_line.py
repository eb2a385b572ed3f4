"""Calls on one connection, and what is known of them when it breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from kagami.adapters.onebot11.line import Line
from kagami.core.handshake import Role
from kagami.model.action import Action, Call, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId
from kagami.model.message import text
from kagami.net.supervise import Nursery
from kagami.onebot.wire import Frame, decode

BOT = BotId("qq:10001")
HELLO = Send(BOT, ChatId("group:42"), text("hello"))


class Wire:
    """Implements `ports.Socket` without a network: `answer` sees each frame that is sent."""

    peer = "wire"

    def __init__(self, answer: Callable[[bytes], None]) -> None:
        self.sent: list[bytes] = []
        self._answer = answer

    async def send(self, frame: bytes) -> None:
        self.sent.append(frame)
        self._answer(frame)

    async def receive(self) -> bytes:
        raise EOFError

    async def listen(self, hear: Callable[[bytes], None]) -> None:
        raise EOFError

    def pause_while(self, crowded: Callable[[], bool]) -> None:
        """It reads nothing anyway."""

    async def probe(self, limit: float) -> float | None:
        return limit

    async def close(self, code: int, reason: str) -> None:
        """There is nothing to close."""


def response(call: bytes, **fields: object) -> Frame:
    """The answer to a call."""
    echo = msgspec.json.decode(call)["echo"]
    return decode(msgspec.json.encode({"status": "ok", "retcode": 0, "data": {"message_id": 5}, "echo": echo} | fields))


async def perform(action: Action, answer: Callable[[Line, bytes], object], *, seconds: float = 1.0) -> Receipt:
    """Call on a fresh line whose peer does `answer(line, frame)`."""
    line = Line(Wire(lambda frame: (answer(line, frame), None)[1]), "universal")
    receipt = await line.call(action, seconds=seconds)
    assert line.ended() == 0
    return receipt


async def test_a_call_ends_with_its_answer() -> None:
    receipt = await perform(HELLO, lambda line, frame: line.answered(response(frame)))
    assert receipt == Sent("5", {"message_id": 5})


async def test_a_refused_call_has_failed() -> None:
    fields = {"status": "failed", "retcode": 1404, "wording": "no such action", "data": None}
    receipt = await perform(Call(BOT, "x"), lambda line, frame: line.answered(response(frame, **fields)))
    assert receipt == Failed("no such action", "1404")


async def test_without_an_answer_nothing_is_known() -> None:
    assert await perform(HELLO, lambda *_: None, seconds=0.01) == Unknown("no answer within 0.01 s")


async def test_an_answer_that_cannot_be_read_leaves_everything_open() -> None:
    receipt = await perform(HELLO, lambda line, frame: line.answered(response(frame, status="failed", retcode="x")))
    assert isinstance(receipt, Unknown)


async def test_a_line_that_ends_after_the_write_leaves_everything_open() -> None:
    assert await perform(HELLO, lambda line, _: line.ended()) == Unknown(
        "the connection was lost before the answer came"
    )


async def test_an_answer_and_the_end_together_are_an_answer() -> None:
    def both(line: Line, frame: bytes) -> None:
        line.answered(response(frame))
        line.ended()

    assert isinstance(await perform(HELLO, both), Sent)


def raise_(error: Exception) -> Callable[[Line, bytes], object]:
    def act(_line: Line, _frame: bytes) -> object:
        raise error

    return act


async def test_a_line_that_had_ended_before_the_write_is_offline() -> None:
    assert await perform(HELLO, raise_(EOFError())) == Failed("offline", "offline")


async def test_a_line_that_breaks_in_the_write_leaves_everything_open() -> None:
    assert await perform(HELLO, raise_(ConnectionResetError("gone"))) == Unknown(
        "the connection was lost while sending: gone"
    )


async def test_an_answer_to_who_has_gone_reaches_nobody() -> None:
    wire = Wire(lambda _: None)
    line = Line(wire, "universal")
    async with Nursery() as nursery:
        call = nursery.start("call", line.call(HELLO, seconds=1))
        await asyncio.sleep(0)
        call.cancel()
        assert line.answered(response(wire.sent[0]))
    assert call.cancelled()


async def test_what_cannot_be_written_has_failed() -> None:
    receipt = await perform(Send(BOT, ChatId("guild:1"), ()), lambda *_: None)
    assert isinstance(receipt, Failed)


async def test_each_answer_finds_its_own_call() -> None:
    wire = Wire(lambda _: None)
    line = Line(wire, "universal")
    async with Nursery() as nursery:
        calls = [nursery.start("call", line.call(Delete(BOT, HELLO.chat, str(n)), seconds=1)) for n in range(3)]
        await asyncio.sleep(0)
        for n in (2, 0, 1):
            assert line.answered(response(wire.sent[n], data={"n": n}))
        assert [await call for call in calls] == [Sent("", {"n": n}) for n in range(3)]


async def test_a_late_answer_belongs_to_nobody() -> None:
    wire = Wire(lambda _: None)
    line = Line(wire, "universal")
    await line.call(HELLO, seconds=0.001)
    assert not line.answered(response(wire.sent[0]))


@pytest.mark.parametrize(("role", "seats"), [("universal", ("event", "api")), ("api", ("api",)), ("event", ("event",))])
def test_a_role_takes_its_seats(role: Role, seats: tuple[str, ...]) -> None:
    assert Line(Wire(lambda _: None), role).seats == seats


# --- answers in pieces ---

DOWNLOAD = Call(BOT, "download_file_stream", {"file": "a"})


def piece(kind: str, **fields: object) -> dict[str, object]:
    return {"data": {"type": kind} | fields}


async def test_pieces_of_a_download_come_with_what_ends_it() -> None:
    def answer(line: Line, frame: bytes) -> None:
        for each in (piece("stream", index=9), piece("reset"), piece("stream", index=0), piece("stream", index=1)):
            assert line.answered(response(frame, **each))
        line.answered(response(frame, **piece("response", total_chunks=2)))

    pieces = [{"type": "stream", "index": 0}, {"type": "stream", "index": 1}]
    assert await perform(DOWNLOAD, answer) == Sent(result={"type": "response", "total_chunks": 2, "pieces": pieces})


async def test_a_download_that_breaks_off_has_failed() -> None:
    def answer(line: Line, frame: bytes) -> None:
        line.answered(response(frame, **piece("stream", index=0)))
        line.answered(response(frame, **piece("error", data="no such file")))

    assert await perform(DOWNLOAD, answer) == Failed("no such file")


async def test_each_piece_of_an_upload_is_answered_by_itself() -> None:
    call = Call(BOT, "upload_file_stream", {"stream_id": "s"})
    receipt = await perform(call, lambda line, frame: line.answered(response(frame, **piece("stream", status="got"))))
    assert receipt == Sent(result={"type": "stream", "status": "got"})


async def test_pieces_without_end_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.adapters.onebot11.line.MOST_PIECES", 3)

    def answer(line: Line, frame: bytes) -> None:
        for number in range(4):
            line.answered(response(frame, **piece("stream", index=number)))

    assert await perform(DOWNLOAD, answer) == Unknown("more than 3 pieces came")


async def test_pieces_that_are_too_much_together_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.adapters.onebot11.line.MOST_BYTES", 1000)

    def answer(line: Line, frame: bytes) -> None:
        for _ in range(4):
            line.answered(response(frame, **piece("stream", data="x" * 600)))

    assert await perform(DOWNLOAD, answer) == Unknown("more than 2 pieces came")


async def test_a_download_waits_anew_for_each_piece() -> None:
    def answer(line: Line, frame: bytes) -> None:
        loop = asyncio.get_running_loop()
        for number in range(1, 5):
            loop.call_later(0.2 * number, line.answered, response(frame, **piece("stream", index=number)))
        loop.call_later(1.0, line.answered, response(frame, **piece("response")))

    receipt = await perform(DOWNLOAD, answer, seconds=0.6)
    assert isinstance(receipt, Sent), receipt
    assert len(receipt.result["pieces"]) == 4
