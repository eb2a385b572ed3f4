"""Files by reference, on a real disk."""

from __future__ import annotations

import asyncio
import hashlib
import os
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kagami.errors import NotFound, Refused, Unavailable
from kagami.ports import Media
from kagami.storage.media import DAY_MS, MEGABYTE, NS, MediaFiles, refer, sniff

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
NAME = f"{hashlib.sha256(PNG).hexdigest()}.png"
REFERENCE = f"media:{NAME}"
NOW_MS = 1_764_000_000_000


@pytest.fixture
async def media(tmp_path: Path) -> AsyncIterator[MediaFiles]:
    async with MediaFiles(tmp_path / "media", largest=MEGABYTE) as opened:
        yield opened


def files(root: Path) -> set[str]:
    return {path.name for path in root.rglob("*") if path.is_file()}


def used(path: Path, at_ms: int) -> None:
    """As if the file had been used last at that time."""
    os.utime(path, ns=(at_ms * NS, at_ms * NS))


class Web:
    """What a download is made of here: `pages` are by address."""

    def __init__(self, **pages: bytes) -> None:
        self.pages = pages
        self.limits: list[int] = []

    async def download(self, url: str, target: Path, /, *, largest: int) -> None:
        self.limits.append(largest)
        if url not in self.pages:
            raise Unavailable(what=url, reason="not there")
        await asyncio.to_thread(target.write_bytes, self.pages[url])


async def test_a_file_is_kept_under_its_digest(media: MediaFiles, tmp_path: Path) -> None:
    port: Media = media
    assert await port.keep(PNG, "a.png") == REFERENCE
    assert port.path(REFERENCE) == tmp_path / "media" / NAME[:2] / NAME
    assert await port.read(REFERENCE) == PNG


async def test_files_are_their_owners_alone(media: MediaFiles) -> None:
    path = media.path(await media.keep(PNG))
    modes = [each.stat().st_mode & 0o777 for each in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]


async def test_the_same_content_is_one_file_whatever_its_name(media: MediaFiles, tmp_path: Path) -> None:
    assert await media.keep(PNG, "a.png") == await media.keep(PNG, "b.exe")
    assert files(tmp_path) == {NAME}


async def test_a_file_that_was_cut_off_is_mended(media: MediaFiles) -> None:
    media.path(await media.keep(PNG)).write_bytes(b"")
    await media.keep(PNG)
    assert await media.read(REFERENCE) == PNG


async def test_a_file_that_is_too_large_is_refused(media: MediaFiles, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="1 MB"):
        await media.keep(bytes(MEGABYTE + 1))
    with pytest.raises(Refused, match="1 MB"):
        media.accept(bytes(MEGABYTE + 1))
    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    "reference",
    [
        "media:" + "0" * 64 + ".png",
        "media:" + "0" * 64 + ".sh",
        "media:" + "0" * 63 + ".png",
        "media:" + "A" * 64 + ".png",
        "media:../../etc/passwd",
        "media:" + "0" * 64 + ".png/../x",
        "media:" + "0" * 64 + ".png\n",
        NAME,
        "",
    ],
)
async def test_what_is_not_there_is_not_found(media: MediaFiles, reference: str) -> None:
    with pytest.raises(NotFound):
        media.path(reference)
    with pytest.raises(NotFound):
        await media.read(reference)


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
async def test_only_plain_files_are_read(media: MediaFiles, tmp_path: Path, kind: str) -> None:
    path = media.path(await media.keep(PNG))
    path.unlink()
    if kind == "link":
        (tmp_path / "secret").write_text("secret")
        path.symlink_to(tmp_path / "secret")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(NotFound):
        await media.read(REFERENCE)
    with pytest.raises(NotFound):
        media.path(REFERENCE)


async def test_what_was_accepted_is_there_at_once(media: MediaFiles) -> None:
    assert media.accept(PNG) == REFERENCE
    assert await media.read(REFERENCE) == PNG


async def test_the_path_of_what_was_accepted_leads_to_it(media: MediaFiles) -> None:
    assert media.path(media.accept(PNG)).read_bytes() == PNG


async def test_what_was_accepted_is_written_before_the_end(tmp_path: Path) -> None:
    contents = [bytes([each]) * 1000 for each in range(20)]
    async with MediaFiles(tmp_path) as media:
        names = {media.accept(each).removeprefix("media:") for each in contents}
    assert files(tmp_path) == names


async def test_what_a_slow_disk_cannot_take_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.storage.media.MOST_WAITING", 10)
    async with MediaFiles(tmp_path) as media:
        reference = media.accept(PNG)
        with pytest.raises(NotFound):
            await media.read(reference)


async def test_a_disk_that_cannot_be_written_is_told(media: MediaFiles, tmp_path: Path) -> None:
    (tmp_path / "media" / NAME[:2]).write_text("in the way")
    with pytest.raises(Unavailable):
        await media.keep(PNG)
    with pytest.raises(NotFound):
        media.path(media.accept(PNG))
    assert files(tmp_path) == {NAME[:2]}


# --- fetching ---


async def test_an_address_is_fetched_and_kept(tmp_path: Path) -> None:
    web = Web(x=PNG)
    async with MediaFiles(tmp_path, download=web.download, largest=100) as media:
        assert [await media.fetch("x"), await media.fetch("x")] == [REFERENCE] * 2
        assert await media.read(REFERENCE) == PNG
    assert (files(tmp_path), web.limits) == ({NAME}, [100, 100])


async def test_what_cannot_be_fetched_leaves_nothing(tmp_path: Path) -> None:
    async with MediaFiles(tmp_path, download=Web().download) as media:
        with pytest.raises(Unavailable, match="not there"):
            await media.fetch("x")
    assert files(tmp_path) == set()


async def test_without_a_way_out_nothing_is_fetched(media: MediaFiles) -> None:
    with pytest.raises(Unavailable):
        await media.fetch("http://example.com/")


@pytest.mark.parametrize("head", ["base64://", "data:image/png;base64,"])
async def test_what_is_in_the_source_itself_is_kept(media: MediaFiles, head: str) -> None:
    assert await media.fetch(head + b64encode(PNG).decode()) == REFERENCE


async def test_a_reference_is_its_own(media: MediaFiles) -> None:
    with pytest.raises(NotFound):
        await media.fetch(REFERENCE)
    await media.keep(PNG)
    assert await media.fetch(REFERENCE) == REFERENCE


# --- tidying ---


async def test_what_nobody_used_for_long_goes(tmp_path: Path) -> None:
    async with MediaFiles(tmp_path, keep_days=10) as media:
        old, new = [media.path(await media.keep(each)) for each in (b"old", b"new")]
        used(old, NOW_MS - 11 * DAY_MS)
        used(new, NOW_MS - 9 * DAY_MS)
        assert await media.tidy(NOW_MS) == 1
    assert files(tmp_path) == {new.name}


async def test_above_the_limit_the_least_lately_used_goes(tmp_path: Path) -> None:
    async with MediaFiles(tmp_path) as media:
        paths = [media.path(await media.keep(bytes([each]) * 100)) for each in range(4)]
        for at_ms, path in zip([3, 1, 2, 4], paths, strict=True):
            used(path, NOW_MS + at_ms)
    async with MediaFiles(tmp_path, keep_bytes=250, keep_days=0) as media:
        assert await media.tidy(NOW_MS) == 2
    assert files(tmp_path) == {paths[0].name, paths[3].name}


@pytest.mark.parametrize("use", ["read", "path", "keep", "accept"])
async def test_every_use_keeps_a_file(tmp_path: Path, use: str) -> None:
    async with MediaFiles(tmp_path, keep_days=1) as media:
        path = media.path(await media.keep(PNG))
        used(path, NOW_MS)
        match use:
            case "read":
                await media.read(REFERENCE)
            case "path":
                media.path(REFERENCE)
            case "keep":
                await media.keep(PNG)
            case _:
                media.accept(PNG)
        assert await media.tidy(NOW_MS + 2 * DAY_MS) == 0


async def test_the_store_never_grows_far_above_its_limit(tmp_path: Path) -> None:
    async with MediaFiles(tmp_path, keep_bytes=8000) as media:
        for each in range(100):
            await media.keep(each.to_bytes(2) * 500)
            assert len(files(tmp_path)) <= 9


async def test_drafts_that_were_left_go_and_foreign_files_stay(tmp_path: Path) -> None:
    async with MediaFiles(tmp_path) as media:
        for name, age_ms in (("old.part", 2 * DAY_MS), ("new.part", 0), ("readme", 99 * DAY_MS)):
            (tmp_path / name).write_text("x")
            used(tmp_path / name, NOW_MS - age_ms)
        assert await media.tidy(NOW_MS) == 0
    assert files(tmp_path) == {"new.part", "readme"}


# --- names ---


@pytest.mark.parametrize(
    ("head", "ending"),
    [
        (b"\xff\xd8\xff\xe0", "jpg"),
        (b"GIF89a", "gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "wav"),
        (b"\x02#!SILK_V3", "silk"),
        (b"#!SILK_V3", "silk"),
        (b"#!AMR\n", "amr"),
        (b"\0\0\0\x18ftypmp42", "mp4"),
        (b"\0\0\0\x18ftypM4A ", "m4a"),
        (b"<html><script>", "bin"),
        (b"#!/bin/sh", "bin"),
        (b"MZ", "bin"),
        (b"", "bin"),
    ],
)
def test_the_ending_goes_by_the_content(head: bytes, ending: str) -> None:
    assert (sniff(head), refer(head)) == (ending, f"media:{hashlib.sha256(head).hexdigest()}.{ending}")


async def test_a_keeper_that_left_does_not_harm_the_others(media: MediaFiles) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(media.keep(bytes([each]))) for each in range(10)]
        await asyncio.sleep(0)
        tasks[5].cancel()
    assert {await media.read(task.result()) for task in tasks if not task.cancelled()} == {
        bytes([each]) for each in range(10) if each != 5
    }
