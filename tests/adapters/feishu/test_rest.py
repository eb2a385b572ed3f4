"""Calls: the token, the limits, the refusals."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kagami.adapters.feishu.rest import Rest
from kagami.core.secrets import Secret
from kagami.errors import CredentialsRefused, Declined, NotReached, Unavailable
from kagami.net.api import Api
from kagami.testing.clock import FakeClock
from kagami.testing.feishu import FakeFeishu
from kagami.testing.feishu_calls import Fault

SEND = {"receive_id": "oc_group", "msg_type": "text", "content": '{"text":"hi"}'}


async def send(rest: Rest, lane: str = "oc_group") -> Any:
    params = {"receive_id_type": "chat_id"}
    return await rest.ask("POST", "/open-apis/im/v1/messages", dict[str, Any], params=params, json=SEND, lane=lane)


async def test_many_calls_at_once_ask_for_one_token(rest: Rest, feishu: FakeFeishu) -> None:
    await asyncio.gather(*(send(rest) for _ in range(10)))
    assert (len(feishu.sent), feishu.tokens_issued) == (10, 1)


async def test_a_token_is_renewed_ten_minutes_before_its_end(rest: Rest, feishu: FakeFeishu, clock: FakeClock) -> None:
    await send(rest)
    await clock.advance(7200 - 601)
    await send(rest)
    issued = feishu.tokens_issued
    await clock.advance(2)
    await send(rest)
    assert (issued, feishu.tokens_issued) == (1, 2)


async def test_a_token_that_is_good_no_more_is_dropped_once(rest: Rest, feishu: FakeFeishu) -> None:
    await send(rest)
    feishu.expire()
    await asyncio.gather(*(send(rest) for _ in range(5)))
    assert (len(feishu.sent), feishu.tokens_issued) == (6, 2)


async def test_a_token_that_is_never_good_is_not_asked_for_without_end(rest: Rest, feishu: FakeFeishu) -> None:
    feishu.faults += [Fault(400, 99991663)] * 5
    with pytest.raises(Declined):
        await send(rest)
    assert feishu.tokens_issued == 2


async def test_the_application_s_limit_holds_for_all(rest: Rest, feishu: FakeFeishu, clock: FakeClock) -> None:
    feishu.faults.append(Fault(429, 99991400, (("x-ogw-ratelimit-reset", "7"),)))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(send(rest))
        await clock.asleep()
        second = group.create_task(send(rest, "other"))
        await clock.asleep(2)
        await clock.advance(6.9)
        assert not (first.done())
        assert not (second.done())
        assert not (feishu.sent)
        await clock.advance(0.2)
    assert len(feishu.sent) == 2


async def test_a_chat_s_limit_holds_for_that_chat(rest: Rest, feishu: FakeFeishu, clock: FakeClock) -> None:
    feishu.faults.append(Fault(400, 230020))
    async with asyncio.TaskGroup() as group:
        group.create_task(send(rest))
        await clock.asleep()
        await send(rest, "other")
        assert len(feishu.sent) == 1
        await clock.advance(1.1)
    assert len(feishu.sent) == 2


async def test_a_limit_that_goes_on_is_waited_for_longer_each_time_and_not_for_ever(
    rest: Rest, feishu: FakeFeishu, clock: FakeClock
) -> None:
    feishu.faults += [Fault(400, 230020)] * 20
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(declined(rest))
        while not sending.done():
            # Time stands still while Feishu is asked.
            await (clock.advance(1) if clock.sleeping else asyncio.sleep(0.001))
    assert (sending.result(), feishu.sent, 15 < clock.monotonic() <= 70) == ("rate_limited", [], True)


async def declined(rest: Rest) -> str:
    with pytest.raises(Declined) as caught:
        await send(rest)
    return caught.value.number


async def test_a_limit_of_an_hour_is_not_waited_for(rest: Rest, feishu: FakeFeishu) -> None:
    feishu.faults.append(Fault(429, 99991400, (("x-ogw-ratelimit-reset", "3600"),)))
    assert await declined(rest) == "rate_limited"


@pytest.mark.parametrize(
    ("code", "word"), [(230002, "not in this chat"), (230027, "permission"), (230099, "scripted"), (7, "scripted")]
)
async def test_a_refusal_is_told_in_words_and_with_its_code(
    rest: Rest, feishu: FakeFeishu, code: int, word: str
) -> None:
    feishu.faults.append(Fault(400, code))
    with pytest.raises(Declined, match=word) as caught:
        await send(rest)
    assert caught.value.number == str(code)


@pytest.mark.parametrize("fault", [Fault(), Fault(502, 1)])
async def test_what_may_have_been_done_is_said_so(rest: Rest, feishu: FakeFeishu, fault: Fault) -> None:
    feishu.faults.append(fault)
    with pytest.raises(Unavailable) as caught:
        await send(rest)
    assert not isinstance(caught.value, NotReached)


async def test_wrong_credentials_are_told_without_showing_them(feishu: FakeFeishu, clock: FakeClock) -> None:
    async with Api(feishu.url) as api:
        rest = Rest(api, feishu.app_id, Secret("a-wrong-secret"), clock)
        with pytest.raises(CredentialsRefused) as caught:
            await send(rest)
    assert "a-wrong-secret" not in caught.value.text()


async def test_without_a_token_nothing_was_done(clock: FakeClock) -> None:
    async with Api("http://127.0.0.1:9") as api:
        with pytest.raises(NotReached):
            await send(Rest(api, "cli_1", Secret("s"), clock))


async def test_a_file_is_given_as_it_is(rest: Rest, feishu: FakeFeishu) -> None:
    feishu.resources["om_1", "file_1"] = b'{"code": 5}'
    path = "/open-apis/im/v1/messages/om_1/resources/file_1"
    assert await rest.download(path, {"type": "file"}, largest=100, seconds=5) == b'{"code": 5}'
