from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kagami.errors import PluginError, Unavailable
from kagami.plugins.api import Context, Plugin, Settings
from kagami.ports import HttpAnswer, Reach
from kagami.testing.chat import chat_with
from kagami.testing.http import Asked, FakeHttp

URL = "https://api.example.com/weather"


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"sky": "clear"}, HttpAnswer(200, {"content-type": "application/json"}, b'{"sky":"clear"}', URL)),
        (b"clear", HttpAnswer(200, {}, b"clear", URL)),
        (HttpAnswer(503, {"retry-after": "9"}, b"", URL), HttpAnswer(503, {"retry-after": "9"}, b"", URL)),
    ],
)
async def test_an_address_answers_what_it_was_given(given: Any, answer: HttpAnswer) -> None:
    assert await FakeHttp({URL: given}).get(URL) == answer


async def test_an_error_is_raised() -> None:
    with pytest.raises(Unavailable, match="down"):
        await FakeHttp({URL: Unavailable(what="api.example.com", reason="down")}).get(URL)


async def test_requests_are_kept_as_they_were() -> None:
    http = FakeHttp({URL: {}})
    await http.get(f"{URL}?a=1", params={"city": "上海"}, headers={"X-Key": "k"})
    await http.post(URL, json={"day": 3})
    first, second = http.asked
    assert first == Asked("GET", f"{URL}?a=1&city=%E4%B8%8A%E6%B5%B7", {"X-Key": "k"}, b"")
    assert (second.method, second.json()) == ("POST", {"day": 3})


async def test_an_address_with_its_query_comes_first() -> None:
    http = FakeHttp({URL: "any", f"{URL}?city=Oslo": "Oslo's"})
    answers = [(await http.get(URL, params={"city": city})).json() for city in ("Oslo", "Rome")]
    assert answers == ["Oslo's", "any"]


async def test_a_download_is_the_body(tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    await FakeHttp({URL: b"12345"}).download(URL, tmp_path / "kept", lambda *told: done.append(told))
    assert ((tmp_path / "kept").read_bytes(), done) == (b"12345", [(5, 5)])


def asking() -> Plugin[Settings]:
    plugin = Plugin()

    @plugin.command("weather")
    async def weather(ctx: Context[Settings]) -> str:
        answer = await ctx.http.get(URL)
        return str(answer.json()["sky"])

    return plugin


async def test_a_plugin_reaches_it() -> None:
    reach: Reach = FakeHttp({URL: {"sky": "clear"}})
    async with chat_with(asking(), http=reach) as chat:
        await chat.says("/weather")
        assert await chat.hears() == "clear"


async def test_a_request_that_nobody_foresaw_fails_the_test() -> None:
    async with chat_with(asking(), http=FakeHttp({})) as chat:
        await chat.says("/weather")
        with pytest.raises(PluginError, match=f"no answer for GET {URL}"):
            await chat.finished()
