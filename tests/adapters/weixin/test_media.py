"""Files on their way in and out, over the fake's CDN."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
import pytest

from kagami.adapters.weixin import media as media_module
from kagami.adapters.weixin.codec import Attachment, Place, place_of, write_place
from kagami.adapters.weixin.files import Files
from kagami.adapters.weixin.ilink import ILink, open_api
from kagami.adapters.weixin.media import Carrier
from kagami.adapters.weixin.wire import Credentials, Medium
from kagami.errors import NotFound, PrivateAddress, Refused, Unavailable, WireError
from kagami.model.ids import BotId
from kagami.testing.adapters import KeptMedia, NotedMemory, Notes
from kagami.testing.weixin import BOT, USER, Weixin, open_weixin

CONTENT = bytes(range(256)) * 41


@dataclass
class Port:
    there: Weixin
    media: KeptMedia
    carrier: Carrier
    files: Files

    def name(self, content: bytes = CONTENT, *, raw_key: bool = False, full_url: bool = True) -> str:
        """The name of a medium that a user sent."""
        return self.files.put(self.place(content, raw_key=raw_key, full_url=full_url), 1)

    def place(self, content: bytes = CONTENT, *, raw_key: bool = False, full_url: bool = True) -> Place:
        told = self.there.cdn.medium(content, raw_key=raw_key, full_url=full_url)
        place = place_of(msgspec.convert(told, Medium))
        assert place is not None
        return place


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    async with open_weixin() as there, open_api(there.url) as api:
        media, files = KeptMedia(), Files(BotId(f"weixin:{BOT}"), NotedMemory(Notes()))
        ilink = ILink(api, Credentials(there.token, BOT, there.url))
        yield Port(there, media, Carrier(api, ilink, media, f"{there.url}/c2c", files), files)


@pytest.mark.parametrize("raw_key", [False, True])
@pytest.mark.parametrize("full_url", [False, True])
async def test_a_file_is_fetched_and_decrypted(port: Port, *, raw_key: bool, full_url: bool) -> None:
    reference = await port.carrier.bring(port.name(raw_key=raw_key, full_url=full_url))
    assert port.media.files[reference] == CONTENT


async def test_a_place_that_somebody_made_up_leads_nowhere_inside(port: Port) -> None:
    place = Place(f"{port.there.url}/ilink/bot/getconfig", "", "")
    with pytest.raises(PrivateAddress):
        await port.carrier.bring(port.files.put(place, 1))


async def test_nobody_names_a_place_from_outside(port: Port) -> None:
    with pytest.raises(Refused):
        await port.carrier.bring(write_place(port.place()))


async def test_a_file_without_a_key_is_plain(port: Port) -> None:
    told = port.there.cdn.medium(b"") | {"aes_key": ""}
    port.there.cdn.sealed[told["encrypt_query_param"]] = b"plain"
    place = place_of(msgspec.convert(told, Medium))
    assert place is not None
    assert port.media.files[await port.carrier.bring(port.files.put(place, 1))] == b"plain"


async def test_a_file_that_does_not_fit_its_key_is_refused(port: Port) -> None:
    name = port.name()
    for param in port.there.cdn.sealed:
        port.there.cdn.sealed[param] = b"not what was sealed"
    with pytest.raises(WireError):
        await port.carrier.bring(name)


async def test_a_file_that_is_gone_is_told(port: Port) -> None:
    name = port.name()
    port.there.cdn.sealed.clear()
    with pytest.raises(Unavailable):
        await port.carrier.bring(name)


async def test_a_file_that_is_too_large_is_not_read(port: Port) -> None:
    with pytest.raises(Unavailable):
        await port.carrier.bring(port.name(), largest=100)


async def test_only_small_files_are_fetched_at_once(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_module, "QUICK_BYTES", 100)
    small, large = write_place(port.place(b"small")), write_place(place := port.place())
    kept = await port.carrier.bring_quickly([large, small], 1)
    assert (kept[small], port.files.find(kept[large])) == (port.media.accept(b"small"), place)


async def test_files_that_take_long_are_left(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_module, "QUICK_SECONDS", 0.0)
    written = write_place(place := port.place())
    assert port.files.find((await port.carrier.bring_quickly([written], 1))[written]) == place


@pytest.mark.parametrize("full_urls", [False, True])
@pytest.mark.parametrize("content", [b"", b"x" * 16, CONTENT])
async def test_a_file_is_encrypted_and_uploaded(port: Port, content: bytes, *, full_urls: bool) -> None:
    port.there.full_urls = full_urls
    item = await port.carrier.upload(USER, Attachment("image", port.media.accept(content), "a.png"))
    assert port.there.cdn.content(item) == content
    assert (port.there.refused, port.there.cdn.refused) == ([], [])


async def test_what_was_not_fetched_yet_is_passed_on(port: Port) -> None:
    item = await port.carrier.upload(USER, Attachment("file", port.name(), "a.bin"))
    assert port.there.cdn.content(item) == CONTENT


async def test_trouble_of_the_cdn_is_tried_again(port: Port) -> None:
    port.there.cdn.statuses = [500, 503]
    item = await port.carrier.upload(USER, Attachment("file", port.media.accept(b"x"), "a"))
    assert port.there.cdn.content(item) == b"x"


async def test_a_refusal_of_the_cdn_is_final_and_has_its_reason(port: Port) -> None:
    port.there.cdn.statuses = [403, 500]
    with pytest.raises(Refused, match="no place"):
        await port.carrier.upload(USER, Attachment("file", port.media.accept(b"x"), "a"))
    assert port.there.cdn.statuses == [500]


async def test_trouble_that_does_not_end_is_told(port: Port) -> None:
    port.there.cdn.statuses = [500] * 9
    with pytest.raises(Refused, match="CDN"):
        await port.carrier.upload(USER, Attachment("file", port.media.accept(b"x"), "a"))
    assert len(port.there.cdn.statuses) == 6


@pytest.mark.parametrize("answer", [{"ret": -1, "errmsg": "prepare failed"}, {"ret": 0}])
async def test_an_upload_that_is_not_taken_is_told(port: Port, answer: dict[str, object]) -> None:
    port.there.answers["getuploadurl"] = [answer]
    with pytest.raises(Refused, match="takes no upload"):
        await port.carrier.upload(USER, Attachment("file", port.media.accept(b"x"), "a"))


async def test_what_is_too_large_is_not_announced(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_module, "LARGEST_MEDIUM", 3)
    with pytest.raises(Refused):
        await port.carrier.upload(USER, Attachment("file", port.media.accept(b"long"), "a"))
    assert port.there.calls == []


async def test_what_is_not_there_cannot_be_sent(port: Port) -> None:
    with pytest.raises(NotFound):
        await port.carrier.upload(USER, Attachment("file", "file:///etc/passwd", "a"))


async def test_two_files_are_sealed_with_two_keys(port: Port) -> None:
    reference = port.media.accept(b"same")
    items = await asyncio.gather(*(port.carrier.upload(USER, Attachment("image", reference, "a")) for _ in range(2)))
    assert len({each["image_item"]["media"]["aes_key"] for each in items}) == 2


async def test_a_cdn_that_is_not_there_is_told(port: Port, unused_tcp_port: int) -> None:
    port.there.answers["getuploadurl"] = [{"upload_full_url": f"http://127.0.0.1:{unused_tcp_port}/upload"}]
    async with open_api(port.there.url, ("127.0.0.1",)) as api:
        ilink = ILink(api, Credentials(port.there.token, BOT, port.there.url))
        carrier = Carrier(api, ilink, port.media, f"{port.there.url}/c2c", port.files)
        with pytest.raises(Refused, match="does not take the file"):
            await carrier.upload(USER, Attachment("file", port.media.accept(b"x"), "a"))


async def test_an_upload_that_gets_no_name_is_not_the_protocol(port: Port) -> None:
    port.there.cdn.statuses = [200]
    with pytest.raises(WireError):
        await port.carrier.upload(USER, Attachment("file", port.media.accept(b"x"), "a"))
