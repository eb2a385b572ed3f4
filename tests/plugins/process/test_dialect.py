from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kagami.errors import LoadError
from kagami.model.action import Call, Send
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import plain_text, text
from kagami.plugins.manifest import Manifest, Words
from kagami.plugins.process.dialect import declared_by, payload_of, raw_of
from kagami.plugins.process.wire import IntentSpec
from kagami.testing.chat import PluginChat, chat_with
from tests.plugins.process.children import PRELUDE, QUICK, child_of, room

# As the predecessor's own example plugins: one JSON line in, one out.
WEATHER = """
import json
import sys

for line in sys.stdin:
    message = json.loads(line)
    event, actions = message["payload"], []
    if message["name"] == "on_message" and event["text"] == "hello":
        actions = [{"type": "send_message", "target": event["from"], "target_id": event["group_id"], "text": "Hi!"}]
    elif message["name"] == "intent_weather":
        actions = [{"type": "reply", "text": f"Sunny, {event['intent_name']}: {event['original_text']}"}]
    print(json.dumps({"id": message["id"], "ok": True, "actions": actions}), flush=True)
"""
OLD: dict[str, Any] = {
    "id": "com.example.weather",
    "version": "1.0",
    "entry_point": "python3 main.py",
    "run_on": ["worker"],
    "permissions": ["send_message"],
    "events": ["on_message"],
    "intents": [{"name": "weather", "keywords": ["weather"], "regex": "", "priority": 1}],
}


@asynccontextmanager
async def old_plugin(folder: Path, code: str, **keys: Any) -> AsyncIterator[PluginChat]:
    """A chat with a plugin of the predecessor's, found in its folder as any other."""
    place = folder / "com.example.weather" / "1.0"
    place.mkdir(parents=True)
    (place / "main.py").write_text(code, "utf-8")
    (place / "plugin.json").write_text(json.dumps(OLD | keys), "utf-8")
    async with chat_with(folder) as chat:
        yield chat


def acting(*actions: dict[str, Any]) -> str:
    """A program that answers every event with these actions."""
    return (
        PRELUDE + f"actions = json.loads({json.dumps(json.dumps(actions))})\n"
        "while True: say(id=hear()['id'], ok=True, actions=actions)\n"
    )


async def test_a_plugin_of_the_predecessor_answers_a_message(tmp_path: Path) -> None:
    async with old_plugin(tmp_path, WEATHER) as chat:
        await chat.says("hello", chat="group:5")
        sent = await chat.receives()
        assert isinstance(sent, Send)
        assert (sent.chat, plain_text(sent.message)) == ("group:5", "Hi!")


async def test_its_intents_are_served(tmp_path: Path) -> None:
    async with old_plugin(tmp_path, WEATHER) as chat:
        await chat.says("how is the weather?")
        assert await chat.hears() == "Sunny, weather: how is the weather?"


@pytest.mark.parametrize(
    ("permissions", "reached"), [(["send_message"], ["group:9", "private:8", "group:1"]), ([], ["group:1"])]
)
async def test_other_chats_need_the_permission(tmp_path: Path, permissions: list[str], reached: list[str]) -> None:
    actions: list[dict[str, Any]] = [
        {"type": "send_message", "target_id": 9, "text": "x"},
        {"type": "send_msg", "target": "8", "text": "x"},
        {"type": "reply", "text": "x"},
    ]
    async with old_plugin(tmp_path, acting(*actions), permissions=permissions) as chat:
        await chat.says("go", chat="group:1")
        await chat.finished()
        found = [await chat.receives() for _ in reached]
        assert [each.chat for each in found if isinstance(each, Send)] == reached
        assert chat.silent


async def test_other_actions_are_calls_of_the_platform(tmp_path: Path) -> None:
    kick = {"type": "kick_user", "target": "7", "target_id": "5", "text": "out", "payload": {"forever": True}}
    ban = {"type": "ban_user", "target": "7"}
    async with old_plugin(tmp_path, acting(ban, kick), permissions=["kick_user"]) as chat:
        await chat.says("go")
        call = await chat.receives()
        await chat.finished()
        assert isinstance(call, Call)
        assert (call.name, call.params) == (
            "kick_user",
            {"forever": True, "message": "out", "user_id": 7, "group_id": 5},
        )
        assert chat.silent


async def test_what_the_storage_holds_comes_back_and_is_answered(tmp_path: Path) -> None:
    code = (
        PRELUDE
        + """
event = hear()
write = {"type": "storage.set", "correlation_id": "w", "payload": {"key": "k", "value": {"n": 1}}}
read = {"type": "storage.get", "correlation_id": "r", "payload": {"key": "k"}}
say(id=event["id"], ok=True, actions=[write, read])
written, found = hear(), hear()
assert (written["name"], written["correlation_id"]) == ("storage.set_response", "w"), written
text = json.dumps([found["correlation_id"], found["payload"]["result"]])
say(id=event["id"], ok=True, actions=[{"type": "reply", "text": text}])
hear()
"""
    )
    async with old_plugin(tmp_path, code, permissions=["storage.get"]) as chat:
        await chat.says("go")
        assert json.loads(await chat.hears()) == ["r", {"n": 1}]
        await chat.finished()
        assert chat.store.kept["com.example.weather", "k"] == '{"n":1}'


async def test_a_program_that_never_says_ready_serves_by_its_manifest(tmp_path: Path) -> None:
    code = """
    hear()
    while True:
        event = hear()
        say(id=event["id"], ok=True, actions=[{"type": "reply", "text": event["name"]}])
    """
    async with room(tmp_path, code, events=["message"]) as (chat, _):
        await chat.says("anything")
        assert await chat.hears() == "on_message"


async def test_a_program_that_does_not_answer_ends_quietly(tmp_path: Path) -> None:
    async with room(tmp_path, "while True: hear()", events=["message"]) as (chat, child):
        await chat.says("anything")
        await chat.finished()
        assert child.state == "ready"


async def test_a_program_that_ends_at_once_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import sys; sys.exit('broken')")
    entry = (sys.executable, "-I", "-S", "main.py")
    manifest = Manifest(id="x", version="1.0.0", runtime="process", entry=entry, dialect=True)
    times = replace(QUICK, settle=10.0)
    with pytest.raises(LoadError, match="broken"):
        await child_of(manifest, tmp_path, times=times)


def manifest(**keys: Any) -> Manifest:
    return Manifest(**({"id": "x", "version": "1.0.0", "entry": "x", "runtime": "process"} | keys))


@pytest.mark.parametrize(
    ("events", "watched"),
    [
        ((), ["message", "notice", "request"]),
        (("*",), ["message", "notice", "request"]),
        (("on_message",), ["message"]),
        (("notice", "on_notice", "group_increase.approve"), ["notice", "group_increase.approve"]),
    ],
)
def test_events_are_read_by_either_name(events: tuple[str, ...], watched: list[str]) -> None:
    assert [each.event for each in declared_by(manifest(events=events)).watchers] == watched


def test_an_intent_may_be_a_mere_word() -> None:
    found = declared_by(manifest(intents=("hello", Words("sum", regex=r"\d"))))
    assert found.intents == (IntentSpec(key="hello", keywords=("hello",)), IntentSpec(key="sum", regex=r"\d"))


def test_an_intent_without_words_is_refused() -> None:
    with pytest.raises(LoadError, match="needs keywords or a regex"):
        declared_by(manifest(intents=(Words("nothing"),)))


def event(native: str = "", chat: str = "group:5") -> Event:
    return Event(
        ExecutionId("e"),
        BotId("qq:1"),
        "message",
        "group",
        ChatId(chat),
        UserId("7"),
        0,
        "1",
        text("hi"),
        native=native,
    )


@pytest.mark.parametrize(("chat", "group"), [("group:5", "5"), ("private:7", ""), ("channel:9", "9")])
def test_the_payload_has_the_predecessors_keys(chat: str, group: str) -> None:
    assert payload_of(event("{}", chat)) == {
        "from": "7",
        "user_id": "7",
        "group_id": group,
        "text": "hi",
        "platform": "qq",
        "self_id": "1",
        "raw": "{}",
    }


@pytest.mark.parametrize(("native", "raw"), [('{"a":\n1}', {"a": 1}), ("", {}), ("{", "{")])
def test_the_frame_is_handed_over_as_an_object(native: str, raw: object) -> None:
    assert raw_of(event(native)) == raw
