"""What an application that was not changed for Kagami can do on three platforms at once, whichever it is."""

from __future__ import annotations

import signal
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from itertools import count
from typing import Any, NamedTuple

from kagami.core.numbers import LEAST, MOST
from kagami.gateway.line import FRESH_S, HELD_S
from kagami.ports import FeedRow
from tests.engine.running import until
from tests.services.outside import Application, worker
from tests.services.platforms import PNG, World, heard

Start = Callable[[World], AbstractAsyncContextManager[Application]]

turns = count(1)


class Stage(NamedTuple):
    """An application that has met all accounts."""

    world: World
    app: Application


class Claims:
    """Tests for a class of a module that has a fixture `stage`."""

    async def test_it_answers_in_the_group_where_it_was_spoken_to(self, stage: Stage) -> None:
        for platform in stage.world.all:
            turn = next(turns)
            await platform.say(f"ping {turn} 镜")
            await stage.world.answered(platform, f"pong {turn} 镜")

    async def test_it_answers_the_person_who_wrote_to_it(self, stage: Stage) -> None:
        for platform in stage.world.all:
            turn = next(turns)
            await platform.say(f"ping {turn}", private=True)
            await stage.world.answered(platform, f"pong {turn}", private=True)

    async def test_everything_has_an_integer_for_an_id(self, stage: Stage) -> None:
        for platform in stage.world.all:
            words = f"hello {next(turns)}"
            await platform.say(words)
            said = await heard(stage.app, words)
            assert (said["bot"], said["group"], said["user"]) == platform.ids
            assert type(said["message"]) is int
            assert platform is stage.world.qq or LEAST <= said["message"] <= MOST

    async def test_it_sees_a_picture(self, stage: Stage) -> None:
        words = f"look {next(turns)}"
        stage.world.telegram.show(PNG, words)
        assert (await heard(stage.app, words))["images"] == [f"base64://{b64encode(PNG).decode()}"]

    async def test_it_shows_a_picture(self, stage: Stage) -> None:
        for platform in (stage.world.telegram, stage.world.feishu):
            picture = PNG + next(turns).to_bytes(4, "big")
            await platform.say(f"draw {b64encode(picture).decode()}")
            await stage.world.answered(platform, picture)

    async def test_it_is_told_who_is_here(self, stage: Stage) -> None:
        for platform in stage.world.all:
            await platform.say("about")
            login, group, member = await stage.app.told("about")
            assert (login["user_id"], group["group_id"], member["user_id"]) == platform.ids
            assert member["group_id"] == group["group_id"]

    async def test_it_quotes_the_message_that_it_answers(self, stage: Stage) -> None:
        for platform in stage.world.all:
            turn = next(turns)
            message = await platform.say(f"quote {turn}")
            await comes((message, f"quoted {turn}"), platform.quotes)

    async def test_it_takes_back_what_it_said(self, stage: Stage) -> None:
        for platform in stage.world.all:
            turn = next(turns)
            await platform.say(f"vanish {turn}")
            await comes(f"gone {turn}", platform.gone)

    async def test_it_lets_in_who_asks(self, stage: Stage) -> None:
        user, telegram = 5_000 + next(turns), stage.world.telegram
        telegram.ask_to_join(user)
        assert await stage.app.told("asked") == [f"{telegram.group}/{user}", "let me in", telegram.ids.group, user]
        wanted = {"chat_id": telegram.ids.group, "user_id": user}
        calls = telegram.server.calls
        await until(lambda: wanted in [each.params for each in calls if each.method == "approveChatJoinRequest"])

    async def test_stopped_it_gets_exactly_what_it_missed(self, stage: Stage) -> None:
        """A minute is too long for a test: it is away for longer than what counts as that."""
        world, app, turn = stage.world, stage.app, next(turns)
        wanted = [f"stopped {turn} {number}" for number in range(20)]
        app.process.send_signal(signal.SIGSTOP)
        await _passes(1.5 * FRESH_S)  # until then it counts as reading
        for number, words in enumerate(wanted):
            await world.all[number % 3].say(words)
        await _passes(1.5 * HELD_S)
        app.process.send_signal(signal.SIGCONT)
        for platform in world.all:
            await platform.say(f"after {turn}")
        said = await _heard_until(app, f"after {turn}", len(world.all))
        missed = [each for each in said if each["text"].startswith(f"stopped {turn}")]
        assert sorted(each["text"] for each in missed) == sorted(wanted)
        assert all(each["late"] for each in missed)


async def _passes(seconds: float) -> None:
    end = time.monotonic() + seconds
    await until(lambda: time.monotonic() >= end)


async def _heard_until(app: Application, words: str, times: int) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    while [each["text"] for each in said].count(words) < times:
        said.append(await app.told("heard"))
    return said


async def comes(what: Any, found: Callable[[], list[Any]]) -> None:
    await until(lambda: what in found())


async def is_told_what_it_missed(world: World, start: Start, most: int = 20) -> None:
    """Killed, and the engine restarted meanwhile: each message once, in the order of its chat, late; the same ids."""
    async with world.running():
        async with start(world) as app:
            await world.here(app)
            before = [await _first(app, world, index) for index in range(len(world.all))]
            await until(lambda: _feed(world).behind_s == 0)  # what it has read without saying so comes again
        await world.away()
        for number in range(most // 2):
            await world.all[number % 3].say(f"missed {number}")
        await until(lambda: world.taken() == len(world.all) + most // 2)
    async with world.running():
        for number in range(most // 2, most):
            await world.all[number % 3].say(f"missed {number}")
        async with start(world) as app:
            missed = [await app.told("heard") for _ in range(most)]
            assert sorted(each["text"] for each in missed) == sorted(f"missed {number}" for number in range(most))
            assert all(each["late"] for each in missed)
            assert [_ids(_of(missed, platform.ids.bot)) for platform in world.all] == [_ids(each) for each in before]
            for platform in world.all:
                await platform.say("ping now")
            live = [await app.told("heard") for _ in world.all]
            assert [(each["text"], each["late"]) for each in live] == [("ping now", None)] * 3
            await until(lambda: len(world.told("pong now")) == 3)
            assert (_feed(world).late, _feed(world).skipped) == (most, 0)


def _feed(world: World) -> FeedRow:
    feed = worker(world.engine).feed
    assert feed
    return feed


async def _first(app: Application, world: World, index: int) -> dict[str, object]:
    await world.all[index].say(f"first {index}")
    return await heard(app, f"first {index}")


def _of(said: list[dict[str, object]], bot: int) -> dict[str, object]:
    return next(each for each in said if each["bot"] == bot)


def _ids(said: dict[str, object]) -> tuple[object, ...]:
    return said["bot"], said["group"], said["user"]
