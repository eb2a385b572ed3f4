from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from kagami.adapters.dingtalk.config import DingTalkConfig
from kagami.adapters.dingtalk.robot import Robot, is_stream
from kagami.core.secrets import Secret
from kagami.errors import CredentialsRefused, NotReached, Refused, Unavailable
from kagami.net.api import Api
from kagami.testing.clock import FakeClock
from kagami.testing.dingtalk import CLIENT_ID, CLIENT_SECRET, STAFF, FakeDingTalk

SEND = "/v1.0/robot/oToMessages/batchSend"
HELLO = {"robotCode": CLIENT_ID, "userIds": [STAFF], "msgKey": "sampleText", "msgParam": '{"content":"hi"}'}


async def test_each_connection_has_a_ticket_of_its_own(there: FakeDingTalk, robot: Robot) -> None:
    urls = [await robot.open() for _ in range(2)]
    tickets = [parse_qs(urlsplit(url).query)["ticket"][0] for url in urls]
    assert (len(set(tickets)), there.attempts) == (2, 2)
    assert there.subscribed == [
        {"type": "EVENT", "topic": "*"},
        {"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"},
    ]


async def test_wrong_credentials_are_refused_with_the_fix(there: FakeDingTalk, robot: Robot) -> None:
    there.client_secret = "another"
    with pytest.raises(CredentialsRefused) as caught:
        await robot.open()
    assert "authFailed" in caught.value.text()
    assert "check client_id and client_secret" in caught.value.text()


async def test_a_secret_that_dingtalk_repeats_is_hidden(robot: Robot) -> None:
    token = await robot.token()
    assert robot.clean(f"a {CLIENT_SECRET} b {token}") == "a *** b ***"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, '{"code":"invalidParameter"}', CredentialsRefused),
        (403, "{}", CredentialsRefused),
        (500, "{}", Unavailable),
        (429, "{}", Unavailable),
        (200, "<html>", Unavailable),
        (200, "{}", Unavailable),
        (200, '{"endpoint":"http://x","ticket":"t"}', Unavailable),
        (200, '{"endpoint":"wss://","ticket":"t"}', Unavailable),
    ],
)
async def test_an_opening_that_brings_no_address(
    status: int, body: str, error: type[Exception], clock: FakeClock
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    app = web.Application()
    app.router.add_post("/v1.0/gateway/connections/open", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    config = DingTalkConfig(client_id=CLIENT_ID, client_secret=Secret("s"), api_url=url)
    try:
        async with Api(url) as api:
            with pytest.raises(error) as caught:
                await Robot(config, api, clock).open()
    finally:
        await runner.cleanup()
    assert type(caught.value) is error


async def test_one_refresh_serves_all_who_wait(there: FakeDingTalk, robot: Robot) -> None:
    tokens = await asyncio.gather(*(robot.token() for _ in range(10)))
    assert (len(set(tokens)), there.tokens_given) == (1, 1)


async def test_a_token_is_renewed_five_minutes_before_it_ends(
    there: FakeDingTalk, robot: Robot, clock: FakeClock
) -> None:
    await robot.token()
    await clock.advance(6899)
    await robot.token()
    before = there.tokens_given
    await clock.advance(2)
    await robot.token()
    assert (before, there.tokens_given) == (1, 2)


async def test_a_token_that_is_refused_is_renewed_once_for_all(there: FakeDingTalk, robot: Robot) -> None:
    await robot.token()
    there.revoke()
    outcomes = await asyncio.gather(*(robot.ask("POST", SEND, json=HELLO) for _ in range(5)))
    assert ([each.state for each in outcomes], there.tokens_given) == (["done"] * 5, 2)


async def test_a_token_is_renewed_once_and_not_for_ever(
    there: FakeDingTalk, robot: Robot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(there, "_tokens", NoTokens())
    outcome = await robot.ask("POST", SEND, json=HELLO)
    assert (outcome.state, there.tokens_given) == ("stale", 2)


class NoTokens(set[str]):
    """None that it was given is there."""

    def __contains__(self, token: object) -> bool:
        return False


async def test_the_older_interface_renews_its_token_too(there: FakeDingTalk, robot: Robot) -> None:
    await robot.token()
    there.revoke()
    media = await robot.upload("image", b"png", "a.png")
    assert (there.uploads[media], there.tokens_given) == (("image", b"png"), 2)


async def test_a_limit_is_waited_for(there: FakeDingTalk, robot: Robot, clock: FakeClock) -> None:
    there.throttle(7, 0)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(robot.ask("POST", SEND, json=HELLO))
        await clock.asleep()
        await clock.advance(6.9)
        assert not there.heard
        await clock.advance(0.1)
        await clock.asleep()
        await clock.advance(2)
    assert (task.result().state, len(there.heard)) == ("done", 1)


async def test_a_limit_that_lasts_too_long_is_told(there: FakeDingTalk, robot: Robot) -> None:
    there.throttle(61)
    assert (await robot.ask("POST", SEND, json=HELLO)).state == "limited"


async def test_a_call_without_a_token_was_never_made(
    there: FakeDingTalk, clock: FakeClock, unused_tcp_port: int
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    config = DingTalkConfig(client_id=CLIENT_ID, client_secret=Secret("s"), api_url=url)
    async with Api(url) as api:
        with pytest.raises(NotReached):
            await Robot(config, api, clock).ask("POST", SEND, json=HELLO)


async def test_a_permission_that_lacks_is_named(there: FakeDingTalk, robot: Robot) -> None:
    there.forbidden = "需要 qyapi_robot_sendmsg"
    outcome = await robot.ask("POST", SEND, json=HELLO)
    assert (outcome.state, "qyapi_robot_sendmsg" in outcome.reason) == ("refused", True)


async def test_a_file_is_downloaded(there: FakeDingTalk, robot: Robot) -> None:
    there.files["c1"] = b"content"
    assert await robot.download("c1", largest=100) == b"content"


async def test_a_file_that_is_too_large_is_not(there: FakeDingTalk, robot: Robot) -> None:
    there.files["c1"] = b"content"
    with pytest.raises(Unavailable):
        await robot.download("c1", largest=3)


async def test_a_file_that_is_gone_is_refused(robot: Robot) -> None:
    with pytest.raises(Refused):
        await robot.download("c1", largest=100)


async def test_an_upload_that_is_not_taken_is_refused(there: FakeDingTalk, robot: Robot) -> None:
    with pytest.raises(Refused) as caught:
        await robot.upload("picture", b"png", "a.png")  # type: ignore[arg-type]
    assert "a.png was not taken" in caught.value.text()


@pytest.mark.parametrize(
    ("endpoint", "secure", "fit"),
    [
        ("wss://wss-open.dingtalk.com:443/connect", True, True),
        ("ws://wss-open.dingtalk.com/connect", True, False),
        ("ws://127.0.0.1:1/connect", False, True),
        ("wss://[", True, False),
    ],
)
def test_a_ticket_goes_in_the_clear_only_where_everything_does(endpoint: str, secure: bool, fit: bool) -> None:
    assert is_stream(endpoint, secure=secure) is fit
