"""A bot of a Telegram server that keeps every update until the offset has moved past it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from kagami.testing.telegram import TelegramServer

FIRST_CHAT = -1_002_000_000_000
FIRST_USER = 30_000
BODY = 16 * 1024 * 1024


class TelegramSide(TelegramServer):
    """`hear` gets the text of each message that the bot sends, before the bot is told that it was sent."""

    redelivers = True
    ready = True

    def __init__(self, hear: Callable[[str], None], chats: int) -> None:
        super().__init__()
        self._hear = hear
        for number in range(chats):
            chat = FIRST_CHAT - number
            self.chats[chat] = {"id": chat, "type": "supergroup", "title": f"group {number}"}

    def give(self, chat: int, text: str) -> bool:
        self.say(text, chat=FIRST_CHAT - chat, user=FIRST_USER + chat)
        return True

    async def answer(self, request: web.Request) -> web.Response:
        response = await super().answer(request)
        sent, self.sent = self.sent, []
        self.calls.clear()
        for message in sent:
            self._hear(message["text"])
        return response


@asynccontextmanager
async def open_telegram_side(hear: Callable[[str], None], chats: int) -> AsyncIterator[TelegramSide]:
    """A server on a free port while the block runs."""
    side = TelegramSide(hear, chats)
    application = web.Application(client_max_size=BODY)
    application.router.add_route("*", "/bot{token}/{method}", side.answer)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    side.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield side
    finally:
        await runner.cleanup()
