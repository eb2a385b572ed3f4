"""What a child process sees of a chat while the privacy guard is on, and what the chat sees of its answers."""

from __future__ import annotations

import json
from pathlib import Path

from kagami.core.privacy.config import PrivacyConfig
from kagami.core.privacy.desk import PrivacyDesk
from kagami.plugins.process.child import Child
from tests.plugins.process.children import room

PHONE = "13800138000"
ECHO = """
ready()
seen = open("{seen}", "w")
while True:
    event = hear()
    seen.write(json.dumps(event, ensure_ascii=False))
    seen.flush()
    {act}
    result(event, "Got " + event["payload"]["args"])
"""


def guard(child: Child) -> None:
    assert child.kit is not None
    child.kit.privacy = PrivacyDesk(PrivacyConfig(enabled=True))


async def test_an_event_leaves_with_placeholders_and_the_reply_comes_back_whole(tmp_path: Path) -> None:
    seen = tmp_path / "work" / "seen"
    code = ECHO.replace("{seen}", str(seen)).replace("{act}", "")
    async with room(tmp_path, code) as (chat, child):
        guard(child)
        await chat.says(f"/do call {PHONE}", name="Ada Lovelace")
        assert await chat.hears() == f"Got call {PHONE}"
        told = seen.read_text("utf-8")
    assert "[phone-1]" in told
    assert PHONE not in told
    assert "Ada Lovelace" not in told


async def test_another_chat_gets_placeholders_and_this_one_the_values(tmp_path: Path) -> None:
    code = """
    ready()
    event = hear()
    words = event["payload"]["args"]
    ask("action", event, "send", chat="group:9", message="there: " + words)
    ask("action", event, "send", chat=event["payload"]["event"]["chat"], message="here: " + words)
    result(event)
    hear()
    """
    async with room(tmp_path, code, permissions=["send:any_chat"]) as (chat, child):
        guard(child)
        await chat.says(f"/do {PHONE}", chat="group:5")
        assert [await chat.hears(), await chat.hears()] == ["there: [phone-1]", f"here: {PHONE}"]


async def test_a_question_is_whole_and_its_answer_masked(tmp_path: Path) -> None:
    code = """
    ready()
    event = hear()
    answer = ask("ask", event, prompt="Is it " + event["payload"]["args"] + "?")
    result(event, json.dumps(answer["payload"]["event"]["message"]).replace("[", "<"))
    hear()
    """
    async with room(tmp_path, code) as (chat, child):
        guard(child)
        await chat.says(f"/do {PHONE}")
        assert await chat.hears() == f"Is it {PHONE}?"
        await chat.says("no, 13900139000")
        assert "no, <phone-2]" in json.dumps(await chat.hears())
