from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator

import msgspec
import pytest

from kagami import errors
from kagami.errors import Conflict, Denied, DialogTimeout, KagamiError, NotFound, PluginError
from kagami.i18n import translator
from kagami.plugins.process import wire
from kagami.plugins.process.guest_pipe import Pipe, Voice, listen, read_fault
from kagami.plugins.scope import start


@pytest.fixture
def ends() -> Iterator[tuple[int, Pipe]]:
    """What a pipe writes can be read from the first."""
    source, out = os.pipe()
    yield source, Pipe(out)
    os.close(source)
    os.close(out)


async def test_a_response_is_the_value_of_its_request(ends: tuple[int, Pipe]) -> None:
    source, pipe = ends
    asked = start("request", pipe.request(wire.Storage, {"key": "a"}, name="get", event="7"))
    await asyncio.sleep(0)
    sent = msgspec.json.decode(os.read(source, 4096))
    assert sent == {"type": "storage", "id": "1", "event": "7", "name": "get", "payload": {"key": "a"}}
    pipe.settle(wire.Response("1", ok=True, payload={"value": 3}))
    assert await asked == {"value": 3}


async def test_a_response_that_nobody_waits_for_is_dropped(ends: tuple[int, Pipe]) -> None:
    _, pipe = ends
    asked = start("request", pipe.request(wire.Storage, {}))
    await asyncio.sleep(0)
    for number in ("1", "1", "2"):
        pipe.settle(wire.Response(number, ok=True))
    assert await asked == {}


async def test_requests_end_when_the_host_is_gone(ends: tuple[int, Pipe]) -> None:
    _, pipe = ends
    asked = start("request", pipe.request(wire.Storage, {}))
    await asyncio.sleep(0)
    pipe.close()
    for request in (asked, pipe.request(wire.Storage, {})):
        with pytest.raises(PluginError, match="the host is gone"):
            await request


def test_a_line_that_is_too_long_is_not_written(ends: tuple[int, Pipe]) -> None:
    source, pipe = ends
    with pytest.raises(PluginError, match="too long"):
        pipe.write(wire.Result("x" * wire.LONGEST, ok=True))
    os.set_blocking(source, False)
    with pytest.raises(BlockingIOError):
        os.read(source, 1)


def test_writing_to_a_host_that_is_gone_is_no_error() -> None:
    source, out = os.pipe()
    os.close(source)
    Pipe(out).write(wire.Result("1", ok=True))
    os.close(out)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "error",
    [
        Conflict(reason="A question is open in this conversation already."),
        NotFound(what="job", name="morning tea"),
        DialogTimeout(),
        errors.DialogLeft(),
        errors.Unavailable(what="the store", reason="no disk"),
    ],
    ids=lambda error: error.code,
)
def test_an_error_of_the_host_keeps_its_class_and_its_text(error: KagamiError, language: str) -> None:
    t = translator(language)
    found = read_fault(wire.Fault(error.code, error.text(t)), "tested", t)
    assert (type(found), found.text(t)) == (type(error), error.text(t))


def test_of_a_missing_right_only_its_word_comes() -> None:
    found = read_fault(wire.Fault("Denied", "call:kick"), "tested")
    assert (type(found), str(found)) == (Denied, "This needs the right call:kick.")


@pytest.mark.parametrize("code", ["", "ValueError", "Callable", "LoadError", "__name__"])
def test_any_other_code_is_an_error_of_the_plugin(code: str) -> None:
    found = read_fault(wire.Fault(code, "why"), "tested")
    assert (type(found), str(found)) == (PluginError, "Plugin tested: why")


async def test_lines_and_their_end_are_told() -> None:
    source, out = os.pipe()
    loop, heard = asyncio.get_running_loop(), asyncio.Queue[bytes]()
    listen(
        source,
        lambda line: loop.call_soon_threadsafe(heard.put_nowait, line),
        lambda: loop.call_soon_threadsafe(heard.put_nowait, b"end"),
    )
    os.write(out, b"one\ntwo\n")
    os.close(out)
    async with asyncio.timeout(10):
        assert [await heard.get() for _ in range(3)] == [b"one\n", b"two\n", b"end"]


def test_records_of_the_log_are_lines_of_the_host(ends: tuple[int, Pipe]) -> None:
    source, pipe = ends
    pipe.plugin = "tested"
    record = logging.LogRecord("kagami.tested", logging.WARNING, "", 0, "a\x1b[2Jb\ud800", (), None)
    record.fields = {"n": 3}
    Voice(pipe).handle(record)
    payload = msgspec.json.decode(os.read(source, 4096))["payload"]
    assert payload == {"level": "warning", "text": "a\\x1b[2Jb\\ud800", "fields": {"n": "3"}}


def test_a_record_of_a_library_names_its_source(ends: tuple[int, Pipe]) -> None:
    source, pipe = ends
    pipe.plugin = "tested"
    Voice(pipe).handle(logging.LogRecord("requests", logging.ERROR, "", 0, "no", (), None))
    assert msgspec.json.decode(os.read(source, 4096))["payload"]["fields"] == {"source": "requests"}
