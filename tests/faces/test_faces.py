"""Every operation on all four faces of one running engine: HTTP, command line, chat and the console's palette.

The list is the registry's own: an operation without a sample here fails, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from kagami import log
from kagami.cli.main import main
from kagami.config import load
from kagami.engine import Engine, open_engine
from kagami.errors import KagamiError
from kagami.home import Home, hold
from kagami.operations import registry
from kagami.operations.messages import ListMessages, Say
from kagami.operations.people import Add, MakeToken
from kagami.operations.registry import Operation, from_words
from kagami.plugins.builtin.admin.shown import shown
from kagami.tui import commands

ALL = registry().by_name
FREE = {"KAGAMI_GATEWAY__PORT": "0", "KAGAMI_WEB__PORT": "0", "KAGAMI_LANGUAGE": "en"}
# One person says more in a minute here than people do.
FREE |= {"KAGAMI_LIMITS__USER_PER_MINUTE": "0", "KAGAMI_LIMITS__CHAT_PER_MINUTE": "0"}
RULE = {"match": "platform:qq", "to": "plugins"}

# What is asked of each: something that answers the same however often it is asked, or is refused.
SAMPLES: dict[str, dict[str, Any]] = {
    "backup.delete": {"name": "nothing.kbk"},
    "backup.verify": {"name": "nothing.kbk"},
    "bots.abilities": {"bot": "onebot11"},
    "bots.disconnect": {"bot": "qq:404"},
    "bots.edit": {"bot": "qq:404", "url": "ws://127.0.0.1:1"},
    "bots.login": {"bot": "qq:404"},
    "bots.login_answer": {"bot": "qq:404", "words": {"code": "1"}},
    "bots.login_end": {"bot": "qq:404"},
    "bots.login_refresh": {"bot": "qq:404"},
    "bots.login_step": {"bot": "qq:404"},
    "bots.pause": {"bot": "qq:404"},
    "bots.reconnect": {"bot": "qq:404"},
    "bots.remove": {"bot": "qq:404"},
    "bots.rename": {"bot": "qq:404", "name": "镜"},
    "bots.resume": {"bot": "qq:404"},
    "bots.test": {"bot": "qq:404"},
    "guard.add": {"kind": "user", "value": "qq:1", "where": "nonsense"},
    "guard.check": {"text": "你好 there"},
    "guard.import": {"kind": "user", "lines": "qq:1", "where": "nonsense"},
    "cluster.drain": {"node": "nothing"},
    "guard.mask": {"text": "我叫王小明，电话 13812345678"},
    "guard.remove": {"kind": "word", "value": "nothing"},
    "logs.at": {"time_ms": 1},
    "logs.histogram": {"since_ms": 1, "until_ms": 2},
    "messages.keep": {"name": "greeting", "script": "nonsense"},
    "messages.measure": {"days": 30},
    "messages.clean": {"days": 36500},
    "messages.broadcast": {"text": ""},
    "messages.delete": {"bot": "qq:404", "chat": "group:1", "message_id": "1"},
    "messages.drop": {"execution": "nothing", "reason": "it is old"},
    "messages.resend": {"message": 404},
    "messages.send": {"bot": "qq:404", "chat": "group:1", "text": "hello"},
    "messages.replay": {"execution": "nothing"},
    "messages.reveal": {"message": 404},
    "messages.search": {"text": "hello there"},
    "people.add": {"name": "x/y"},
    "people.disable": {"name": "nobody"},
    "people.enable": {"name": "nobody"},
    "people.grant": {"role": "tester", "user": "nobody"},
    "people.own_password": {"old": "a", "new": "b"},
    "people.password": {"name": "nobody"},
    "people.remove": {"name": "nobody"},
    "people.revoke": {"role": "tester", "user": "nobody"},
    "people.role": {"name": "nobody", "role": "viewer"},
    "people.session_end": {"id": "nothing"},
    "people.token_make": {"name": "", "scopes": ["*:read"]},
    "people.token_revoke": {"id": "nothing"},
    "plugins.configure": {"plugin": "nothing", "values": {"a": 1}},
    "plugins.end_dialog": {"bot": "qq:1", "chat": "group:1", "user": "1"},
    "plugins.form": {"plugin": "nothing"},
    "plugins.install": {"source": "/nothing/at/all"},
    "plugins.pin": {"plugin": "nothing", "bot": "qq:1", "chat": "group:1", "version": "1.0.0"},
    "plugins.promote": {"plugin": "nothing"},
    "plugins.release": {"plugin": "nothing"},
    "plugins.reload": {"plugin": "nothing"},
    "plugins.remove": {"plugin": "nothing", "version": "1.0.0"},
    "plugins.rollback": {"plugin": "nothing"},
    "plugins.switch": {"plugin": "nothing", "on": False},
    "plugins.sync": {"dry_run": True},
    "plugins.use": {"plugin": "nothing", "version": "1.0.0"},
    "plugins.weigh": {"plugin": "nothing", "weight": 5},
    "routes.add": {"match": "nonsense", "to": "plugins"},
    "routes.disable": {"number": 404},
    "routes.edit": {"number": 404, "to": "plugins"},
    "routes.enable": {"number": 404},
    "routes.explain": {"user": "10001", "chat": "group:1", "platform": "qq", "text": "hello"},
    "routes.move": {"number": 404, "place": 1},
    "routes.remove": {"number": 404},
    "routes.replace": {"rules": [RULE], "version": 404},
    "routes.test": {"rules": [RULE]},
    "settings.apply": {"changes": {"nothing.at_all": 1}},
    "settings.check": {"changes": {"limits.user_per_minute": 30}},
    "settings.reset": {"keys": ["nothing.at_all"]},
    "settings.set": {"key": "nothing.at_all", "value": "1"},
    "settings.undo": {"change": 404},
    "system.mute": {"alert": "nothing"},
    "traces.get": {"execution": "nothing"},
    "workers.add": {"name": "x/y"},
    "workers.connection": {"worker": "nothing"},
    "workers.drain": {"worker": "nothing"},
    "workers.edit": {"worker": "nothing", "url": "ws://127.0.0.1:1"},
    "workers.remove": {"worker": "nothing"},
    "workers.resume": {"worker": "nothing"},
    "workers.weigh": {"worker": "nothing", "weight": 2},
}
# What answers something else at each moment is compared by its fields.
MOVING = frozenset(
    {
        "audit.export",
        "audit.list",
        "audit.verify",
        "bots.list",
        "cluster.list",
        "logs.export",
        "logs.window",
        "logs.at",
        "messages.audience",
        "messages.chats",
        "messages.clean",
        "messages.list",
        "messages.measure",
        "messages.search",
        "people.tokens",
        "plugins.list",
        "routes.test",
        "system.pulses",
        "system.status",
        "traces.export",
        "traces.list",
    }
)
# Their words hold passwords or tokens: a chat is told so instead.
NOT_FOR_CHATS = frozenset({"people.add", "people.password", "people.token_make"})
# Each of these does something new whenever it is called, or belongs to whoever calls it.
APART = {
    "backup.now": "makes a file",
    "bots.add": "a name of its own each time",
    "messages.say": "says something",
    "messages.try": "a new execution each time",
    "people.me": "answers about the caller",
    "people.setup": "a new code each time",
    "settings.reload": "reads the file anew",
    "system.alert_test": "sends messages",
    "system.stop": "stops the engine",
}


def sample(found: Operation) -> dict[str, Any]:
    needed = [field.name for field in msgspec.structs.fields(found.request) if field.required]
    assert found.name in SAMPLES or not needed, f"{found.name} needs a sample"
    return SAMPLES.get(found.name, {})


@dataclass(frozen=True)
class House:
    """One engine and the keys to its faces."""

    engine: Engine
    home: Path
    token: str

    async def directly(self, found: Operation) -> tuple[Any, str]:
        """The answer in JSON values, or the error's text; and what a chat shows of it."""
        try:
            answer = await self.engine.call(msgspec.convert(sample(found), found.request))
        except KagamiError as error:
            return error.text(), error.text()
        return msgspec.json.decode(msgspec.json.encode(answer)), shown(answer, str)

    async def by_http(self, found: Operation, *, confirmed: bool = True) -> tuple[int, Any]:
        url = f"http://127.0.0.1:{self.engine.web_port}/api/v1/{found.topic}/{found.verb}"
        headers = {"Authorization": f"Bearer {self.token}"} | ({"X-Confirm": "yes"} if confirmed else {})
        async with aiohttp.ClientSession() as session, session.post(url, json=sample(found), headers=headers) as told:
            return told.status, await told.json()

    async def by_command_line(self, found: Operation, capture: pytest.CaptureFixture[str], *extra: str) -> Any:
        words = ["--home", str(self.home), "--json", found.topic, found.verb, *options(sample(found)), *extra]
        code = await asyncio.to_thread(main, words, {"KAGAMI_LANGUAGE": "en"})
        out, err = capture.readouterr()
        return (msgspec.json.decode(out) if out.strip() else None) if code == 0 else out + err

    async def by_chat(self, found: Operation) -> str:
        """What the sandbox chat hears last; a question is answered with yes."""
        words = " ".join(f"{key}={quoted(value)}" for key, value in sample(found).items())
        said = f"#{found.topic} {found.verb} {words}".strip()
        return await self._hear(said, asks=found.asks)

    async def _hear(self, said: str, *, asks: bool) -> str:
        seen = {row.id for row in await self._heard()}
        await self.engine.call(Say(text=said))
        if asks:
            await self._next(seen)
            seen = {row.id for row in await self._heard()}
            await self.engine.call(Say(text="yes"))
        return await self._next(seen)

    async def _next(self, seen: set[int]) -> str:
        async with asyncio.timeout(20):
            while True:
                for row in await self._heard():
                    if row.direction == "out" and row.id not in seen and row.outcome == "sent":
                        return str(row.text)
                await asyncio.sleep(0.02)

    async def _heard(self) -> list[Any]:
        rows: list[Any] = await self.engine.call(ListMessages(bot="sandbox:local", chat="private:10001", limit=20))
        return rows


def options(given: Mapping[str, Any]) -> list[str]:
    words = []
    for key, value in given.items():
        flag = "--" + key.replace("_", "-")
        if isinstance(value, bool):
            words.append(flag if value else "--no-" + key.replace("_", "-"))
        else:
            words += [flag, value if isinstance(value, str) else msgspec.json.encode(value).decode()]
    return words


def quoted(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if isinstance(value, dict | list) else f'"{text}"'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    home = tmp_path_factory.mktemp("faces")
    settings = load(Home(home), environ=dict(FREE))
    # Held as a running engine holds it: the command line speaks with the engine, not with the store.
    with hold(settings.home):
        async with open_engine(settings, log.Ring()) as engine:
            await engine.call(Add(name="ann", role="admin", password="correct horse battery staple"))
            token = await engine.call(MakeToken(name="all", scopes=["*"]))
            yield House(engine, home, token.token)


def shape(value: Any) -> Any:
    """The fields of an answer, without what stands in them."""
    if isinstance(value, dict):
        return {key: type(each).__name__ for key, each in value.items() if each not in ("", 0, [], {}, None, False)}
    return shape(value[0]) if isinstance(value, list) and value else type(value).__name__


COMPARED = [each for name, each in sorted(ALL.items()) if name not in APART]
in_the_house = pytest.mark.asyncio(loop_scope="module")


@in_the_house
@pytest.mark.parametrize("found", COMPARED, ids=lambda each: each.name)
async def test_the_answer_is_the_same_through_all_four_faces(
    house: House, found: Operation, capfd: pytest.CaptureFixture[str]
) -> None:
    expected, in_chat = await house.directly(found)
    same = shape if found.name in MOVING else lambda value: value
    status, told = await house.by_http(found)
    refused = isinstance(expected, str) and status != 200
    assert same(told["error"]["message"] if refused else told) == same(expected)
    by_line = await house.by_command_line(found, capfd, *(["--yes"] if found.asks else []))
    if refused:
        assert expected.partition("\n")[0][:60] in by_line
    else:
        assert same(by_line) == same(expected)
    heard = await house.by_chat(found)
    if found.name in NOT_FOR_CHATS:
        assert "not for chats" in heard
    elif found.scope.endswith(":secret"):
        assert "no place for secrets" in heard
    elif found.name in MOVING:
        assert bool(heard) == bool(in_chat)
    else:
        assert in_chat.splitlines()[0][:60] in heard
    line = f"{found.topic} {found.verb} " + " ".join(
        f"{key}={shlex.quote(value if isinstance(value, str) else msgspec.json.encode(value).decode())}"
        for key, value in sample(found).items()
    )
    parsed = commands.parse(line)
    assert isinstance(parsed, commands.Run)
    assert parsed.request == msgspec.convert(sample(found), found.request)


@in_the_house
@pytest.mark.parametrize("found", [each for each in COMPARED if each.asks], ids=lambda each: each.name)
async def test_what_matters_is_asked_for_on_every_face(
    house: House, found: Operation, capfd: pytest.CaptureFixture[str]
) -> None:
    status, told = await house.by_http(found, confirmed=False)
    assert (status, told["error"]["code"]) == (428, "ConfirmationNeeded")
    assert "--yes" in await house.by_command_line(found, capfd)


@pytest.mark.parametrize("found", list(ALL.values()), ids=lambda each: each.name)
def test_every_request_can_be_spelled_in_words(found: Operation) -> None:
    given = sample(found)
    words = {
        key: value if isinstance(value, str) else msgspec.json.encode(value).decode() for key, value in given.items()
    }
    assert from_words(found, words) == msgspec.convert(given, found.request)


def test_nothing_is_kept_apart_that_is_no_operation() -> None:
    assert set(APART) | set(MOVING) | set(SAMPLES) <= set(ALL)
