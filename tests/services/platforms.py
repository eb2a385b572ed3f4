"""One engine with an account of QQ, of Telegram and of Feishu, each with a group and a person, for one application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from kagami.core.numbers import number_of
from kagami.engine import Engine
from kagami.testing import telegram as bot_api
from kagami.testing.feishu import FakeFeishu, fake_feishu
from kagami.testing.onebot import USER, Peer, connect_implementation
from kagami.testing.telegram import TelegramServer, open_telegram
from tests.engine.running import engine, until
from tests.services.outside import GATEWAY, SETTINGS, Application, free_port, worker

ANSWER_S = 30.0
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(64))


class Ids(NamedTuple):
    """What an application knows an account, its group and a person there by."""

    bot: int
    group: int
    user: int


class Platform(Protocol):
    """`said` is all that the account has said, by place, oldest first; pictures are their bytes."""

    bot: str
    group: str
    person: str
    ids: Ids

    async def say(self, words: str, *, private: bool = False) -> str: ...

    def said(self) -> list[tuple[str, str | bytes]]: ...

    def quotes(self) -> list[tuple[str, str]]:
        """Answers to a message, with its id."""
        ...

    def gone(self) -> list[str]:
        """Messages of the account that it has taken back, by their words."""
        ...


class QQ:
    """A OneBot implementation at the gateway."""

    bot, group, person = "qq:10001", "42", USER
    ids = Ids(10_001, 42, 20_002)

    def __init__(self) -> None:
        self.peer: Peer = None  # type: ignore[assignment]  # set by `join`
        self.calls: list[dict[str, Any]] = []
        self._sent: dict[int, str] = {}
        self._said = 0

    @asynccontextmanager
    async def join(self, opened: Engine) -> AsyncIterator[None]:
        url = f"ws://127.0.0.1:{opened.gateway_port}/onebot/v11/ws"
        answers: dict[str, Callable[[dict[str, Any]], Any]] = {
            "send_group_msg": self._keep,
            "send_private_msg": self._keep,
            "delete_msg": lambda _: None,
            "get_group_info": lambda asked: {"group_id": asked["group_id"], "group_name": "G", "member_count": 3},
            "get_group_member_info": lambda asked: asked | {"nickname": "Mira", "role": "member"},
        }
        async with connect_implementation(url, token=GATEWAY, answers=answers) as self.peer:
            self.peer.calls = self.calls
            yield

    def _keep(self, params: dict[str, Any]) -> Any:
        number = 900_000 + len(self._sent)
        self._sent[number] = _words(params["message"])
        return {"message_id": number}

    async def say(self, words: str, *, private: bool = False) -> str:
        self._said += 1
        frame = self.peer.message(words, user=self.person, group=None if private else self.group)
        await self.peer.send(frame | {"message_id": self._said})
        return str(self._said)

    def said(self) -> list[tuple[str, str | bytes]]:
        sends = [each for each in self.calls if each["action"].startswith("send_")]
        return [(_place(each["params"]), _content(each["params"]["message"])) for each in sends]

    def quotes(self) -> list[tuple[str, str]]:
        sends = [each["params"]["message"] for each in self.calls if each["action"].startswith("send_")]
        return [(part["data"]["id"], _words(each)) for each in sends for part in each if part["type"] == "reply"]

    def gone(self) -> list[str]:
        return [self._sent[each["params"]["message_id"]] for each in self.calls if each["action"] == "delete_msg"]


def _place(params: Mapping[str, Any]) -> str:
    return str(params.get("group_id") or params["user_id"])


def _words(message: list[dict[str, Any]]) -> str:
    return "".join(part["data"].get("text", "") for part in message)


def _content(message: list[dict[str, Any]]) -> str | bytes:
    picture = next((part["data"]["file"] for part in message if part["type"] == "image"), None)
    return str(picture) if picture is not None else _words(message)


class Telegram:
    bot, group, person = f"telegram:{bot_api.BOT}", str(bot_api.GROUP), str(bot_api.USER)
    ids = Ids(bot_api.BOT, bot_api.GROUP, bot_api.USER)

    def __init__(self, server: TelegramServer) -> None:
        self.server = server

    async def say(self, words: str, *, private: bool = False) -> str:
        return self.server.say(words, chat=bot_api.USER if private else bot_api.GROUP)

    async def reply(self, words: str) -> None:
        """Somebody answers what the account has said last."""
        said = {key: value for key, value in self.server.sent[-1].items() if key not in ("content", "quoted")}
        self.server.say(words, chat=bot_api.GROUP, reply_to_message=said)

    def show(self, picture: bytes, words: str) -> None:
        photo = self.server.keep(picture) | {"width": 8, "height": 8}
        self.server.say(chat=bot_api.GROUP, photo=[photo], caption=words)

    def ask_to_join(self, user: int) -> None:
        person = {"id": user, "is_bot": False, "first_name": "Bob"}
        asked = {"chat": self.server.chats[bot_api.GROUP], "from": person, "user_chat_id": user, "date": bot_api.NOW}
        self.server.update("chat_join_request", asked | {"bio": "let me in"})

    def said(self) -> list[tuple[str, str | bytes]]:
        return [(str(each["chat"]["id"]), each.get("text") or each["content"]) for each in self.server.sent]

    def quotes(self) -> list[tuple[str, str]]:
        return [(each["quoted"], each.get("text", "")) for each in self.server.sent if each["quoted"]]

    def gone(self) -> list[str]:
        words = {(each["chat"]["id"], each["message_id"]): each.get("text", "") for each in self.server.sent}
        return [words[place] for place in self.server.deleted]


class Feishu:
    group, person = "oc_group", "ou_alice"

    def __init__(self, fake: FakeFeishu) -> None:
        self.fake = fake
        self.bot = f"feishu:{fake.app_id}"
        self.ids = Ids(number_of(fake.app_id), number_of(self.group), number_of(self.person))

    async def say(self, words: str, *, private: bool = False) -> str:
        return (await self.fake.say("text", {"text": words}, group="" if private else self.group))[0]

    async def reply(self, words: str) -> None:
        """Somebody answers what the account has said last."""
        await self.fake.say("text", {"text": words}, group=self.group, parent_id=self.fake.sent[-1].message_id)

    def said(self) -> list[tuple[str, str | bytes]]:
        return [(each.receiver, self._content(each.content)) for each in self.fake.sent]

    def _content(self, content: Mapping[str, Any]) -> str | bytes:
        key = content.get("image_key")
        return self.fake.uploads[key] if key else str(content.get("text", content))

    def quotes(self) -> list[tuple[str, str]]:
        return [(each.reply, str(each.content.get("text", ""))) for each in self.fake.sent if each.reply]

    def gone(self) -> list[str]:
        words = {each.message_id: str(each.content.get("text", "")) for each in self.fake.sent}
        return [words[each] for each in self.fake.deleted]


class World:
    """`port` is the gateway's, also after a restart of the engine."""

    def __init__(self, folder: Path, telegram: TelegramServer, feishu: FakeFeishu, more: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.qq, self.telegram, self.feishu = QQ(), Telegram(telegram), Feishu(feishu)
        self.all: tuple[Platform, ...] = (self.qq, self.telegram, self.feishu)
        self.engine: Engine = None  # type: ignore[assignment]  # set by `running`
        self._settings = SETTINGS.replace("port = 0", f"port = {self.port}", 1) + more + self._bots()

    def _bots(self) -> str:
        token, server, fake = bot_api.TOKEN, self.telegram.server, self.feishu.fake
        return f"""
[pace]
account_per_second = 0
chat_per_second = 0

[limits]
user_per_minute = 1000

[[bots]]
kind = "telegram"
token = "{token}"
api_url = "{server.url}"

[[bots]]
kind = "feishu"
app_id = "{fake.app_id}"
app_secret = "{fake.app_secret}"
api_url = "{fake.url}"
"""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Engine]:
        """The engine with its three accounts online."""
        async with AsyncExitStack() as stack:
            self.engine = await stack.enter_async_context(engine(self.folder / "home", self._settings))
            await stack.enter_async_context(self.qq.join(self.engine))
            wanted = {each.bot for each in self.all}
            await until(lambda: wanted <= self._online())
            yield self.engine

    def _online(self) -> set[str]:
        return {row.id for row in self.engine.parts.bots.rows() if row.health.state == "online"}

    def forward(self) -> list[str]:
        """An address for each account."""
        return [f"ws://127.0.0.1:{self.port}/?bot={each.ids.bot}" for each in self.all]

    async def here(self, app: Application) -> None:
        """Until the application has met all accounts."""
        assert {await app.told("connected") for _ in self.all} == {str(each.ids.bot) for each in self.all}
        await until(lambda: len(self.peers()) == len(self.all))

    async def away(self) -> None:
        await until(lambda: worker(self.engine).state == "away")

    def peers(self) -> tuple[str, ...]:
        feed = worker(self.engine).feed
        return feed.peers if feed else ()

    def taken(self) -> int:
        """How many messages the engine has taken; no plugin wants them."""
        return self.engine.parts.meters.count["events", "ignored"]

    def told(self, what: str | bytes) -> list[tuple[str, str]]:
        """Where something was said: platform and place."""
        return [(each.bot, place) for each in self.all for place, said in each.said() if said == what]

    async def answered(self, platform: Platform, what: str | bytes, *, private: bool = False) -> None:
        """Until it was said there; it is said nowhere else."""
        await until(lambda: self.told(what))
        assert self.told(what) == [(platform.bot, platform.person if private else platform.group)]


@asynccontextmanager
async def world(folder: Path, more: str = "") -> AsyncIterator[World]:
    """The platforms, for engines that run in them; `more` are lines of the worker's table."""
    async with open_telegram() as telegram, fake_feishu() as feishu:
        yield World(folder, telegram, feishu, more)
        assert feishu.problems == []


async def heard(app: Application, words: str) -> dict[str, Any]:
    """What the application got with these words."""
    async with asyncio.timeout(ANSWER_S):
        while (said := await app.told("heard"))["text"] != words:
            pass
    return dict(said)
