"""Pictures come in and go out whole, and nothing between keeps more of them than a reference."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kagami.adapters.onebot11.config import OneBot11Config
from kagami.adapters.onebot11.link import ForwardBot
from kagami.clock import SystemClock
from kagami.core.pace import Pace
from kagami.hub.outbox import PacedOutbox
from kagami.hub.registry import BotRegistry
from kagami.meters import Meters
from kagami.model.action import Action, Call, Failed, Receipt, Send, Sent
from kagami.model.event import Event
from kagami.model.ids import ChatId
from kagami.model.segment import Image, Text
from kagami.net.supervise import Nursery
from kagami.storage.media import MediaFiles, refer
from kagami.storage.store import open_store
from kagami.testing.gateway import TOKEN, OpenGateway, WritingIntake, open_gateway
from kagami.testing.onebot import Peer, connect_implementation, listen_as_implementation

GROUP = ChatId("group:42")
PICTURE = b"\x89PNG\r\n\x1a\n" + os.urandom(3000)
TOLD = b64encode(PICTURE).decode()
REFERENCE = refer(PICTURE)
FAST = Pace(account_per_second=0, chat_per_second=0)


@pytest.fixture
async def media(tmp_path: Path) -> AsyncIterator[MediaFiles]:
    async with MediaFiles(tmp_path / "media") as opened:
        yield opened


@pytest.fixture
async def port(media: MediaFiles) -> AsyncIterator[OpenGateway]:
    async with open_gateway(media=media) as opened:
        yield opened


async def show(peer: Peer) -> None:
    """A picture with a word."""
    frame = peer.message("look", group="42")
    frame["message"].append({"type": "image", "data": {"file": f"base64://{TOLD}"}})
    await peer.send(frame | {"raw_message": f"look[CQ:image,file=base64://{TOLD}]"})


async def shown(port: OpenGateway, peer: Peer) -> Event:
    await show(peer)
    return await port.intake.event()


async def perform(port: OpenGateway, action: Action) -> Receipt:
    return await (await port.intake.bot("10001")).perform(action)


async def test_an_event_refers_to_its_picture(port: OpenGateway, media: MediaFiles) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        event = await shown(port, peer)
    assert event.message == (Text("look"), Image(REFERENCE))
    assert await media.read(REFERENCE) == PICTURE


async def test_the_kept_frame_refers_to_it_too(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        event = await shown(port, peer)
    assert (TOLD in event.native, event.native.count(REFERENCE)) == (False, 2)


async def test_a_picture_goes_out_whole(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        event = await shown(port, peer)
        assert isinstance(await perform(port, Send(event.bot, GROUP, event.message)), Sent)
        call = await peer.called("send_group_msg")
    assert call["params"]["message"][1] == {"type": "image", "data": {"file": f"base64://{TOLD}"}}


async def test_files_of_other_calls_go_out_whole(port: OpenGateway, media: MediaFiles) -> None:
    await media.keep(PICTURE)
    async with connect_implementation(port.url, token=TOKEN, answers={"upload_group_file": lambda _: None}) as peer:
        bot = await port.intake.bot("10001")
        await bot.perform(Call(bot.id, "upload_group_file", {"file": REFERENCE, "name": REFERENCE}))
        call = await peer.called("upload_group_file")
    assert call["params"] == {"file": f"base64://{TOLD}", "name": REFERENCE}


async def test_a_picture_that_is_gone_has_failed(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        bot = await port.intake.bot("10001")
        receipt = await bot.perform(Send(bot.id, GROUP, (Image(REFERENCE),)))
        assert isinstance(receipt, Failed)
        assert (REFERENCE in receipt.reason, [call["action"] for call in peer.calls if "send" in call["action"]]) == (
            True,
            [],
        )


def stored(home: Path) -> bytes:
    """All bytes of the database and its journal."""
    return b"".join(path.read_bytes() for path in home.glob("kagami.db*"))


async def test_the_database_never_holds_a_picture(port: OpenGateway, tmp_path: Path) -> None:
    place, bots = tmp_path / "kagami.db", BotRegistry()
    async with (
        connect_implementation(port.url, token=TOKEN) as peer,
        open_store(str(place), clock=SystemClock(), meters=Meters()) as store,
    ):
        event = await shown(port, peer)
        bots.attach(await port.intake.bot("10001"))
        outbox = PacedOutbox(store.ledger, bots, pace=FAST, clock=SystemClock(), meters=Meters())
        await store.ledger.accept(event, event.time_ms)
        assert isinstance(await outbox.send(event.execution, 0, Send(event.bot, GROUP, event.message)), Sent)
    written = stored(tmp_path)
    assert (TOLD[:100].encode() in written, written.count(REFERENCE.encode()) >= 3) == (False, True)


async def test_a_forward_connection_does_the_same(media: MediaFiles) -> None:
    meters, intake = Meters(), WritingIntake()
    async with listen_as_implementation() as there, Nursery() as nursery:
        config = OneBot11Config(url=there.url)
        bot = ForwardBot(config, clock=SystemClock(), nursery=nursery, meters=meters, media=media)
        nursery.start("forward", bot.run(intake))
        peer = await there.accepted()
        await show(peer)
        event = await intake.event()
        await (await intake.bot("10001")).perform(Send(event.bot, GROUP, event.message))
        call = await peer.called("send_group_msg")
    assert (event.message[1], call["params"]["message"][1]["data"]["file"]) == (
        Image(REFERENCE),
        f"base64://{TOLD}",
    )


async def test_without_media_frames_stay_as_they_are() -> None:
    async with open_gateway() as port, connect_implementation(port.url, token=TOKEN) as peer:
        event = await shown(port, peer)
        await perform(port, Send(event.bot, GROUP, (Image(REFERENCE),)))
        call = await peer.called("send_group_msg")
    assert (event.message[1], call["params"]["message"][0]["data"]["file"]) == (
        Image(f"base64://{TOLD}"),
        REFERENCE,
    )
