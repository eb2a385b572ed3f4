"""Long polling against the fake server: what is confirmed when, and what stands in the way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest

from kagami.errors import StoreClosed
from kagami.model.event import Event
from kagami.ports import BotState
from kagami.testing.clock import settle
from kagami.testing.telegram import BOT, USER, TelegramServer
from tests.adapters.contract import Stage, acting, opener, playing, until
from tests.adapters.telegram.peer import TelegramPeer


def server_of(stage: Stage) -> TelegramServer:
    assert isinstance(stage.peer, TelegramPeer)
    return stage.peer.server


@asynccontextmanager
async def starting() -> AsyncIterator[tuple[TelegramServer, TelegramPeer]]:
    async with opener("telegram")() as peer:
        assert isinstance(peer, TelegramPeer)
        yield peer.server, peer


def polls(server: TelegramServer) -> list[dict[str, object]]:
    return [call.params for call in server.calls if call.method == "getUpdates"]


async def listening(server: TelegramServer) -> None:
    """A poll that waits is there: nothing that is prepared now meets another one."""
    await until(lambda: polls(server) and polls(server)[-1]["timeout"])


async def reason(stage: Stage, state: BotState) -> str:
    await until(lambda: stage.intake.bots and stage.bot.health().state == state)
    return stage.bot.health().reason


async def test_every_poll_says_what_it_wants() -> None:
    async with playing("telegram") as stage:
        await until(lambda: len(polls(server_of(stage))) > 1)
    first, second, *_ = polls(server_of(stage))
    assert (first["timeout"], second["timeout"], "offset" in second) == (0, 50, False)
    assert "message" in str(first["allowed_updates"])


async def test_what_comes_together_is_kept_in_its_order() -> None:
    async with starting() as (server, peer):
        numbers = [server.say(str(each)) for each in range(30)]
        async with acting(peer) as stage:
            await until(lambda: not server.waiting)
            assert [event.message_id for event in stage.intake.events] == numbers


async def test_an_update_that_cannot_be_read_is_kept_and_stops_nothing() -> None:
    async with starting() as (server, peer):
        server.say("one")
        server.update("message", b'{"message_id":"?"}')
        server.say("two")
        async with acting(peer) as stage:
            await until(lambda: not server.waiting)
            assert [event.text for event in stage.intake.events] == ["one", "two"]
            assert [frame for _, _, frame in stage.intake.complaints] == [
                b'{"update_id":1001,"message":{"message_id":"?"}}'
            ]


async def test_half_an_emoji_holds_up_nothing() -> None:
    async with starting() as (server, peer):
        chat = b'{"id":%d,"type":"private"}' % USER
        server.update("message", rb'{"message_id":99,"date":1,"chat":%s,"text":"half \ud83d"}' % chat)
        server.say("two")
        async with acting(peer) as stage:
            await until(lambda: not server.waiting)
            assert [event.text for event in stage.intake.events] == ["half \ufffd", "two"]


async def test_what_could_not_be_kept_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with playing("telegram") as stage:
        accept = stage.intake.accept

        def refuse(event: Event, read_at: float) -> Awaitable[bool]:
            monkeypatch.setattr(stage.intake, "accept", accept)
            raise StoreClosed(reason="the disk is full")

        monkeypatch.setattr(stage.intake, "accept", refuse)
        server = server_of(stage)
        server.say("one")
        assert (await stage.intake.event()).text == "one"
        await until(lambda: not server.waiting)
        assert stage.bot.health().reconnects == 1


async def test_nothing_is_asked_for_while_there_is_no_room() -> None:
    async with playing("telegram") as stage:
        server = server_of(stage)
        stage.intake.crowded = True
        server.say("one")
        await stage.intake.event()
        asked = len(polls(server))
        await stage.kit.clock.sleep(1)
        assert len(polls(server)) == asked
        stage.intake.crowded = False
        await until(lambda: not server.waiting)


async def test_a_clean_stop_confirms_what_was_kept() -> None:
    async with starting() as (server, peer):
        async with acting(peer) as stage:
            await stage.online()
            stage.intake.crowded = True
            server.say("one")
            await stage.intake.event()
            await settle()  # it waits for room
            server.say("two")
        assert len(server.waiting) == 1
        last = polls(server)[-1]
        assert (last["timeout"], last["limit"]) == (0, 1)


async def test_a_stop_that_has_nothing_to_confirm_asks_for_nothing() -> None:
    async with starting() as (server, peer):
        async with acting(peer) as stage:
            await stage.online()
            await listening(server)
            asked = len(polls(server))
        assert len(polls(server)) == asked


async def test_a_webhook_is_removed_once() -> None:
    async with starting() as (server, peer):
        server.webhook = "https://a.b"
        async with acting(peer) as stage:
            await stage.online()
            assert server.webhook == ""
            await listening(server)
            server.webhook = "https://a.b"
            await server.cut()
            await until(lambda: "A webhook takes the updates" in stage.bot.health().reason)
            assert server.webhook == "https://a.b"


async def test_another_poller_is_named_and_waited_for() -> None:
    async with playing("telegram") as stage:
        server = server_of(stage)
        await listening(server)
        began = stage.kit.clock.monotonic()
        server.clash()
        assert "Another program polls with the same token" in await reason(stage, "backoff")
        await stage.online()
        assert stage.kit.clock.monotonic() - began >= 5


@pytest.mark.parametrize(("why", "code"), [("Unauthorized", 401), ("Not Found", 404)])
async def test_a_token_that_is_wrong_is_tried_three_times(why: str, code: int) -> None:
    async with starting() as (server, peer):
        for _ in range(3):
            server.fail(why, code, method="getMe")
        async with acting(peer) as stage:
            told = await reason(stage, "auth_failed")
            assert (f"{why} ({code})" in told, "bots.token" in told) == (True, True)
            assert [call.method for call in server.calls] == ["getMe"] * 3


async def test_a_token_that_is_revoked_ends_it() -> None:
    async with playing("telegram") as stage:
        server = server_of(stage)
        await listening(server)
        server.token = f"{BOT}:new"
        await server.cut()
        await reason(stage, "auth_failed")
        assert server.refused == 3


async def test_refusals_that_do_not_follow_one_another_do_not_add_up() -> None:
    async with playing("telegram") as stage:
        server = server_of(stage)
        for _ in range(4):
            await listening(server)
            server.fail("Unauthorized", 401, method="getUpdates")
            await server.cut()
            await until(lambda: not server.faults)
            await stage.online()
        assert stage.bot.health().state == "online"


async def test_too_many_polls_are_waited_out() -> None:
    async with playing("telegram") as stage:
        server = server_of(stage)
        await listening(server)
        server.fail("Too Many Requests: retry after 9", 429, method="getUpdates", retry_after=9)
        began = stage.kit.clock.monotonic()
        await server.cut()
        await until(lambda: "9 s" in stage.bot.health().reason)
        await stage.online()
        assert stage.kit.clock.monotonic() - began >= 9


async def test_a_server_that_fails_is_tried_again() -> None:
    async with starting() as (server, peer):
        server.fail("Bad Gateway", 502, method="getMe")
        server.fail("Internal Server Error", 500, method="getUpdates")
        async with acting(peer) as stage:
            server.say("hi")
            assert (await stage.intake.event()).user == str(USER)


async def test_an_operator_may_end_a_poll_and_it_begins_anew() -> None:
    async with playing("telegram") as stage:
        server = server_of(stage)
        await listening(server)
        await stage.bot.close("disconnected by an operator")
        await until(lambda: stage.bot.health().reconnects == 1)
        assert server.most_listening == 1
