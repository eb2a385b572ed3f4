"""The fake server of the Bot API is taken for a real one by aiogram and python-telegram-bot, unmodified."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kagami.testing.telegram import CHANNEL, GROUP, NOW, TOKEN, TOPIC, USER, USERNAME, TelegramServer, open_telegram
from tests.clients.side import Side, side

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
CLIENTS = pytest.mark.parametrize("client", ["aiogram", "ptb"])

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]


@asynccontextmanager
async def running(client: str, folder: Path) -> AsyncIterator[tuple[TelegramServer, Side]]:
    """A client that has found its account, and was refused what the server refuses."""
    async with open_telegram() as server:
        server.limit(7)
        async with side("telegram", folder, client, server.url, TOKEN, str(USER)) as ours:
            assert await ours.told() == {"me": USERNAME}
            assert await ours.told() == {"wait": 7}
            assert "hat not found" in (await ours.told())["error"]
            assert "essage is too long" in (await ours.told())["error"]
            yield server, ours


@CLIENTS
async def test_a_client_hears_answers_and_hears_its_button(client: str, tmp_path: Path) -> None:
    async with running(client, tmp_path) as (server, ours):
        number = server.say("hello 😀", chat=GROUP, message_thread_id=TOPIC, is_topic_message=True)
        assert await ours.told() == {"chat": GROUP, "text": "hello 😀", "topic": TOPIC}
        answer = await ours.told()
        (sent,) = server.sent
        assert (sent["quoted"], sent["message_id"], sent["text"]) == (number, answer["sent"], "heard & answered")
        assert sent["message_thread_id"] == TOPIC
        message = {key: sent[key] for key in ("message_id", "date", "chat", "text", "reply_markup")}
        person = {"id": USER, "is_bot": False, "first_name": "Ada"}
        query = {"id": "9", "from": person, "message": message, "chat_instance": "1", "data": "y"}
        server.update("callback_query", query)
        assert await ours.told() == {"button": "y"}
        assert server.deleted == [(GROUP, sent["message_id"])]
        assert "answerCallbackQuery" in [call.method for call in server.calls]


@CLIENTS
async def test_a_client_fetches_and_sends_pictures(client: str, tmp_path: Path) -> None:
    async with running(client, tmp_path) as (server, ours):
        photo = server.keep(PNG) | {"width": 1, "height": 1}
        server.say(photo=[photo], caption="look")
        await ours.told()
        assert await ours.told() == {"photo": hashlib.sha256(PNG).hexdigest()}
        assert await ours.told() == {"sent": 3}
        assert [each["content"] for each in server.sent] == [PNG] * 3
        assert server.sent[0]["caption"] == "back"


@CLIENTS
async def test_a_client_reads_edits_and_posts_of_a_channel(client: str, tmp_path: Path) -> None:
    async with running(client, tmp_path) as (server, ours):
        server.update("edited_message", server.message("better") | {"edit_date": NOW + 1})
        assert await ours.told() == {"edited": "better"}
        server.say("news", chat=CHANNEL)
        assert await ours.told() == {"chat": CHANNEL, "text": "news", "topic": 0}
        await ours.told()
        server.say("and more")
        await ours.told()
        assert len(server.waiting) == 1  # the others were confirmed by asking for what is behind them
