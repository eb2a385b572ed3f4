from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kagami.errors import Denied, WireError
from kagami.model.action import Action, Call, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId
from kagami.model.message import text
from kagami.operations import registry
from kagami.operations.plugins import ListPlugins
from kagami.plugins.process.guest_execution import GuestExecution
from kagami.ports import PluginRow, StorePut
from tests.plugins.process.guesthost import ScriptedLine, event_of

BOT, HERE, THERE = BotId("test:1"), ChatId("private:10001"), ChatId("group:1")


def execution(line: ScriptedLine, **payload: Any) -> GuestExecution:
    return GuestExecution(line, {"event": msgspec.to_builtins(event_of("/x"))} | payload, "/")


def written(line: ScriptedLine) -> object:
    return msgspec.json.decode(msgspec.json.encode(line.asked))


@pytest.mark.parametrize(
    ("action", "name", "payload"),
    [
        (Send(BOT, HERE, text("a")), "reply", {"message": [{"type": "text", "text": "a"}]}),
        (Send(BOT, THERE, text("a")), "send", {"chat": "group:1", "message": [{"type": "text", "text": "a"}]}),
        (Delete(BOT, HERE, "9"), "delete", {"message_id": "9"}),
        (Call(BOT, "kick", {"user": 1}), "call", {"name": "kick", "params": {"user": 1}}),
    ],
    ids=["reply", "send", "delete", "call"],
)
async def test_an_action_is_a_request(action: Action, name: str, payload: dict[str, object]) -> None:
    line = ScriptedLine({"receipt": {"type": "sent", "message_id": "5"}})
    assert await execution(line).perform(action) == Sent("5")
    assert written(line) == [["Action", name, payload]]


@pytest.mark.parametrize("receipt", [Sent("1", {"a": 1}), Failed("no", "7"), Unknown("gone")])
async def test_a_receipt_is_the_one_of_the_host(receipt: Receipt) -> None:
    line = ScriptedLine({"receipt": msgspec.to_builtins(receipt)})
    assert await execution(line).perform(Send(BOT, HERE, text("a"))) == receipt


async def test_an_answer_without_a_receipt_is_refused() -> None:
    with pytest.raises(WireError):
        await execution(ScriptedLine({})).perform(Send(BOT, HERE, text("a")))


async def test_writes_stay_here_until_they_are_handed_over() -> None:
    line = ScriptedLine()
    one = execution(line)
    one.stage(StorePut("tested", "a", "1"))
    assert (one.staged("tested"), line.asked) == ({"a": "1"}, [])
    await one.flush()
    assert (one.staged("tested"), written(line)) == ({}, [["Storage", "put", {"key": "a", "value": 1}]])


async def test_a_savepoint_forgets_what_came_after() -> None:
    one = execution(ScriptedLine())
    one.stage(StorePut("tested", "a", "1"))
    forget = one.savepoint()
    one.stage(StorePut("tested", "a", None))
    forget()
    assert one.staged("tested") == {"a": "1"}


async def test_facts_of_the_try_are_those_of_the_host() -> None:
    one = execution(ScriptedLine(), attempts=2, restarted=True, admin=True)
    assert (one.attempts, one.restarted, one.admin is not None) == (2, True, True)
    assert execution(ScriptedLine()).admin is None


async def test_an_operation_goes_by_its_name_and_its_answer_has_its_type() -> None:
    row = PluginRow("weather", "1.0.0", "Weather", "active")
    line = ScriptedLine({"answer": [msgspec.to_builtins(row)]})
    assert list(await execution(line).call(ListPlugins())) == [row]
    assert line.asked == [("Action", "operate", {"name": registry().of(ListPlugins()).name, "request": ListPlugins()})]


async def test_a_refusal_of_the_host_is_raised() -> None:
    with pytest.raises(Denied):
        await execution(ScriptedLine(Denied(scope="operate"))).call(ListPlugins())
