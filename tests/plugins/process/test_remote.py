from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from kagami.errors import LoadError, PluginError
from kagami.model.action import Call, Delete, Failed, Send
from kagami.model.message import text
from kagami.plugins.config import ProcessConfig
from kagami.plugins.manifest import Manifest
from kagami.plugins.process.remote import Typed, Verbatim, argv_of, settings_class
from kagami.ports import Field
from kagami.testing.chat import chat_with
from tests.plugins.process.children import child_of, put, room

ECHO = """
ready()
while True:
    event = hear()
    result(event, "You said " + event["payload"]["args"])
"""
NODE = """
const lines = require("readline").createInterface({ input: process.stdin });
const say = (message) => process.stdout.write(JSON.stringify(message) + "\\n");

const commands = [{ names: ["roll", "掷"], usage: "[sides]", summary: "Roll a die" }];

lines.on("line", (line) => {
  const { type, id, payload } = JSON.parse(line);
  if (type === "hello") say({ type: "ready", id, payload: { commands } });
  if (type === "event") say({ type: "result", id, ok: true, payload: { reply: `You said ${payload.args}` } });
});
lines.on("close", () => process.exit(0));
"""


async def test_a_program_in_python_answers_a_command(tmp_path: Path) -> None:
    async with room(tmp_path, ECHO) as (chat, _):
        await chat.says("/do this  and that")
        assert await chat.hears() == "You said this  and that"


@pytest.mark.skipif(shutil.which("node") is None, reason="the program `node` is not on the PATH of this machine")
async def test_a_program_for_node_answers_a_command(tmp_path: Path) -> None:
    folder = tmp_path / "dice"
    folder.mkdir()
    (folder / "main.js").write_text(NODE, "utf-8")
    manifest = {"id": "dice", "version": "1.0.0", "runtime": "process", "entry": "node main.js"}
    (folder / "plugin.json").write_text(json.dumps(manifest), "utf-8")
    async with chat_with(tmp_path) as chat:
        await chat.says("/掷 6")
        assert await chat.hears() == "You said 6"


async def test_the_hello_says_what_the_child_has_to_know(tmp_path: Path) -> None:
    code = "hello = ready()\nresult(hear(), json.dumps(hello))\nhear()"
    async with room(tmp_path, code, settings={"days": 3}, permissions=["store"]) as (chat, _):
        await chat.says("/do")
        hello = json.loads(await chat.hears())
    assert hello == {
        "protocol": 1,
        "plugin": "child",
        "version": "1.0.0",
        "language": "en",
        "prefix": "/",
        "settings": {"days": 3},
        "state": 1,
        "permissions": ["store"],
        "folder": str(tmp_path / "child"),
        "entry": hello["entry"],
    }


async def test_an_event_says_who_where_and_what(tmp_path: Path) -> None:
    code = "ready()\nresult(hear(), 'x')\nevent = hear()\nresult(event, json.dumps(event))\nhear()"
    async with room(tmp_path, code) as (chat, _):
        await chat.says("/do")
        await chat.hears()
        await chat.says("/do it", user="7", chat="group:5")
        event = json.loads(await chat.hears())
    payload = event["payload"]
    assert (event["name"], event["id"]) == ("command", "2")
    assert event["correlation_id"] == payload["event"]["execution"]
    assert (payload["from"], payload["group_id"], payload["platform"], payload["self_id"]) == ("7", "5", "test", "1")
    assert (payload["handler"], payload["word"], payload["args"], payload["end"]) == ("do", "do", "it", 3)


async def test_intents_watchers_and_groups_reach_the_child(tmp_path: Path) -> None:
    code = """
    ready(intents=[{"key": "sum", "regex": "(\\\\d+) plus (\\\\d+)"}], watchers=[{"event": "notice", "key": "all"}])
    event = hear()
    result(event, event["name"] + " " + event["payload"]["groups"]["2"])
    event = hear()
    result(event, event["name"] + " " + event["payload"]["handler"])
    hear()
    """
    async with room(tmp_path, code) as (chat, _):
        await chat.says("what is 1 plus 2?")
        assert await chat.hears() == "intent_sum 2"
        await chat.happens("notice", "group_increase.approve")
        assert await chat.hears() == "on_notice all"


async def test_a_reply_may_be_made_of_parts(tmp_path: Path) -> None:
    code = "ready()\nresult(hear(), [{'type': 'mention', 'user': '7'}, {'type': 'text', 'text': ' hi'}])\nhear()"
    async with room(tmp_path, code) as (chat, _):
        await chat.says("/do")
        sent = await chat.receives()
    assert isinstance(sent, Send)
    assert list(msgspec.to_builtins(sent.message)) == [
        {"type": "mention", "user": "7"},
        {"type": "text", "text": " hi"},
    ]


async def test_the_receipt_of_a_reply_comes_back(tmp_path: Path) -> None:
    code = """
    ready()
    event = hear()
    receipt = ask("action", event, "reply", message="first")
    result(event, json.dumps(receipt["payload"]["receipt"]))
    hear()
    """
    async with room(tmp_path, code) as (chat, _):
        chat.receipts.append(Failed("muted", "120"))
        await chat.says("/do")
        assert await chat.hears() == "first"
        assert json.loads(await chat.hears()) == {"type": "failed", "reason": "muted", "code": "120"}


async def test_a_question_is_answered(tmp_path: Path) -> None:
    code = """
    ready()
    event = hear()
    answer = ask("ask", event, prompt="Which?", timeout=20, wanted={"options": ["red", "blue"]})
    result(event, answer["payload"]["event"]["message"][0]["text"])
    hear()
    """
    async with room(tmp_path, code) as (chat, _):
        await chat.says("/do")
        assert await chat.hears() == "Which?"
        await chat.says("blue")
        assert await chat.hears() == "blue"


async def test_a_question_that_nobody_answers_fails_by_name(tmp_path: Path) -> None:
    code = """
    ready()
    event = hear()
    result(event, ask("ask", event, prompt="?", timeout=0.05)["error"]["code"])
    hear()
    """
    async with room(tmp_path, code) as (chat, _):
        await chat.says("/do")
        await chat.hears()
        assert await chat.hears() == "DialogTimeout"


async def test_what_a_child_does_not_wait_for_is_done_before_the_call_ends(tmp_path: Path) -> None:
    code = """
    ready()
    event = hear()
    say(type="action", id="a", event=event["id"], name="reply", payload={"message": "one"})
    say(type="storage", id="b", event=event["id"], name="put", payload={"key": "k", "value": [1]})
    say(type="ask", id="c", event=event["id"], payload={"prompt": None})
    result(event, "two")
    hear(), hear()
    """
    async with room(tmp_path, code, permissions=["store"]) as (chat, _):
        await chat.says("/do")
        assert [await chat.hears(), await chat.hears()] == ["one", "two"]
        await chat.finished()
        chat.assert_no_leaks()
        assert chat.store.kept["child", "k"] == "[1]"


@pytest.mark.parametrize(
    ("action", "payload", "words"),
    [
        ("send", {"chat": "group:9", "message": "x"}, "send:any_chat"),
        ("delete", {"message_id": "5"}, "delete"),
        ("call", {"name": "set_title", "params": {"name": "x"}}, "call:set_title"),
    ],
)
async def test_actions_need_their_permissions(
    tmp_path: Path, action: str, payload: dict[str, object], words: str
) -> None:
    code = f"""
    ready()
    event = hear()
    answer = ask("action", event, {action!r}, **json.loads({json.dumps(payload)!r}))
    result(event, answer.get("error", dict(message="allowed", code=""))["message"])
    hear()
    """
    async with room(tmp_path, code) as (chat, _):
        await chat.says("/do")
        assert await chat.hears() == words
    async with room(tmp_path / "again", code, permissions=[words]) as (chat, _):
        await chat.says("/do")
        assert isinstance(await chat.receives(), (Send, Delete, Call))
        assert await chat.hears() == "allowed"


async def test_a_failure_of_the_child_is_an_error_of_the_plugin(tmp_path: Path) -> None:
    code = """
    ready()
    event = hear()
    say(type="result", id=event["id"], ok=False, error={"code": "ValueError", "message": "no", "trace": "line 1"})
    hear()
    """
    async with room(tmp_path, code) as (chat, _):
        await chat.says("/do")
        with pytest.raises(PluginError, match="ValueError: no"):
            await chat.finished()


async def test_a_refusal_of_the_child_is_told_to_the_person(tmp_path: Path) -> None:
    code = """
    ready()
    say(type="result", id=hear()["id"], ok=False, error={"code": "UsageError", "message": "Usage: /do <it>"})
    hear()
    """
    async with room(tmp_path, code) as (chat, _):
        await chat.says("/do")
        assert await chat.hears() == "Usage: /do <it>"


async def test_a_handler_that_takes_too_long_is_cancelled_and_the_next_one_served(tmp_path: Path) -> None:
    code = """
    ready()
    hear()
    cancel = hear()
    say(type="result", id=cancel["id"], ok=False, error={"code": "Cancelled"})
    result(hear(), cancel["type"])
    hear()
    """
    async with room(tmp_path, code) as (chat, child):
        active = await chat.host.adopt(msgspec.structs.replace(child.manifest, timeout=0.1), child.plugin)
        child.kit = active.kit
        await chat.says("/do")
        with pytest.raises(PluginError, match=r"more than 0\.1 s"):
            await chat.finished()
        await chat.says("/do")
        assert await chat.hears() == "cancel"


async def test_hooks_use_the_store_without_an_event(tmp_path: Path) -> None:
    code = """
    ready(commands=[{"names": ["do"]}], hooks={"start": True})
    event = hear()
    answer = ask("storage", event, "put", key="started", value=True)
    result(event)
    event = hear()
    say(type="storage", id="x", name="get", payload={"key": "started"})
    result(event, json.dumps(hear()["payload"]))
    hear()
    """
    put(tmp_path / "child", code, permissions=["store"])
    async with chat_with(tmp_path) as chat:
        assert chat.store.kept["child", "started"] == "true"
        await chat.says("/do")
        assert json.loads(await chat.hears()) == {"found": True, "value": True}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("sys.exit('no such luck')", "no such luck"),
        ("hear()\nsay(type='ready', payload={'error': 'I need a key'})\nhear()", "I need a key"),
        ("ready(commands=[{'names': ['a b']}])\nhear()", "'a b' cannot be a command's name"),
        ("ready(intents=[{'key': 'x', 'regex': '('}])\nhear()", "not one of RE2"),
        ("ready(settings=[{'name': 'a b', 'kind': 'int'}])\nhear()", "name of a setting"),
    ],
)
async def test_a_child_that_cannot_serve_is_not_loaded_and_says_why(tmp_path: Path, code: str, reason: str) -> None:
    folder = tmp_path / "child"
    with pytest.raises(LoadError, match=reason):
        await child_of(put(folder, code), folder)


def test_settings_of_a_child_have_their_types_and_limits() -> None:
    declared = [
        Field("days", "int", default=3, least=1, most=7),
        Field("color", "choice", default="red", choices=("red", "blue")),
        Field("words", "list", default=[]),
        Field("key", "text", required=True),
    ]
    kind = settings_class(declared, {})
    assert msgspec.structs.asdict(kind()) == {"days": 3, "color": "red", "words": [], "key": None}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"days": 9}, kind)


def test_limits_that_came_over_the_wire_hold_for_whole_numbers() -> None:
    sent = msgspec.json.encode([Field("days", "int", default=3, least=1, most=7)])
    kind = settings_class(msgspec.json.decode(sent, type=list[Field]), {})
    assert msgspec.convert({"days": 7}, kind) == kind(days=7)


def test_a_child_that_declares_no_settings_takes_what_it_is_given() -> None:
    assert msgspec.structs.asdict(settings_class([], {"a": 1})()) == {"a": None}


def test_a_line_is_split_like_a_shell_does() -> None:
    manifest = Manifest(id="x", version="1.0.0", runtime="process", entry="node 'my file.js' --fast")
    assert argv_of(manifest) == ["node", "my file.js", "--fast"]


def test_words_are_left_to_the_child() -> None:
    assert Verbatim("<it>").read(text("/do a b"), "/do a b", 3) == [Typed("/do a b", 3)]
    assert Verbatim("<it>").usage == "<it>"


async def test_memory_limits_leave_room_for_an_honest_child(tmp_path: Path) -> None:
    async with room(tmp_path, ECHO, config=ProcessConfig(memory_mb=64, processes=4, disk_mb=1)) as (chat, child):
        await chat.says("/do it")
        assert await chat.hears() == "You said it"
        assert child.state == "ready"
