"""What `make up` starts: healthy, answering through nginx, and with no more rights than it needs."""

from __future__ import annotations

import asyncio
from http.cookies import SimpleCookie
from secrets import token_hex
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from kagami.testing.onebot import connect_implementation
from tests.deploy.daemon import Daemon
from tests.deploy.stack import Stack, log_napcat_in, wait_until

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]

SERVICES = ("kagami", "postgres", "redis", "napcat", "nginx")
# By itself: the others are other people's, of which NapCat begins as root.
NO_RIGHTS = ("kagami", "postgres", "redis", "nginx")
GROUP, ANSWER_S = "42", 30.0


def test_everything_is_healthy_and_make_says_where(stack: Stack) -> None:
    assert {each: stack.health(each) for each in SERVICES} == dict.fromkeys(SERVICES, "healthy")
    for door in ("console", "api", "gateway", "napcat"):
        assert f":{stack.port(door)}" in stack.told


async def test_a_bots_message_is_answered_through_nginx(stack: Stack) -> None:
    token = stack.secret("gateway_token")
    async with connect_implementation(stack.gateway_url, token=token, account="10777") as bot:
        assert await hears(bot, "/echo a mirror") == "a mirror"


async def hears(bot: Any, said: str) -> str:
    await bot.say(said, group=GROUP)
    async with asyncio.timeout(ANSWER_S):
        call = await bot.called("send_group_msg")
    return "".join(each["data"].get("text", "") for each in call["params"]["message"])


def test_napcat_is_a_bot_as_soon_as_its_qq_has_logged_in(stack: Stack, daemon: Daemon) -> None:
    word = token_hex(4)
    log_napcat_in(stack, daemon, [stack.container("kagami")])
    stack.ask("napcat", "/standin/say", {"text": f"/echo {word}", "group": GROUP})
    wait_until(lambda: ["10001", word] in stack.ask("napcat", f"/standin/chat?group={GROUP}"), "an answer")


def test_the_api_lets_an_operator_in_and_nobody_else(stack: Stack) -> None:
    with pytest.raises(HTTPError, match="401"):
        stack.ask("api", "/api/v1/bots/list", {})
    assert "napcat" in bots(stack)


def bots(stack: Stack) -> str:
    return str(stack.ask("api", "/api/v1/bots/list", {}, Authorization=f"Bearer {stack.log_in()}"))


def test_the_port_of_the_api_has_no_pages(stack: Stack) -> None:
    with pytest.raises(HTTPError, match="404"):
        stack.ask("api", "/login")


def test_no_header_is_said_twice(stack: Stack) -> None:
    with urlopen(f"http://127.0.0.1:{stack.port('console')}/login", timeout=30) as response:
        names = [name.lower() for name in response.headers]
    assert len(names) == len(set(names))
    assert {"content-security-policy", "x-content-type-options", "referrer-policy"} <= set(names)


async def test_the_console_opens_in_a_browser_through_nginx(stack: Stack) -> None:
    where = f"127.0.0.1:{stack.port('console')}"
    cookies = SimpleCookie({"kagami_access": stack.log_in()})
    headers = {"Cookie": cookies.output(header="", sep=";").strip()}
    address = f"ws://{where}/console?tab={token_hex(16)}&width=120&height=40"
    async with (
        asyncio.timeout(ANSWER_S),
        connect(address, origin=Origin(f"http://{where}"), additional_headers=headers, proxy=None) as tab,
    ):
        assert isinstance(await tab.recv(), bytes)


def test_what_a_visitor_says_of_their_address_is_not_believed(stack: Stack) -> None:
    said = "203.0.113.9"
    token = stack.log_in()
    with pytest.raises(HTTPError, match="401"):
        stack.ask("api", "/api/v1/auth/login", {"user": "nobody", "password": "wrong"}, X_Forwarded_For=said)
    told = str(stack.ask("api", "/api/v1/audit/list", {"limit": 20}, Authorization=f"Bearer {token}"))
    assert said not in told


def test_no_process_has_a_right_or_a_root_to_write_on(stack: Stack) -> None:
    for service in NO_RIGHTS:
        status = stack.inside(service, "sh", "-c", "cat /proc/self/status; touch /written 2>&1 || true")
        fields = dict(line.split(":", 1) for line in status.splitlines() if line.count(":") == 1 and "\t" in line)
        shown = (service, fields["CapEff"].strip(), fields["NoNewPrivs"].strip(), fields["Seccomp"].strip())
        assert shown == (service, "0000000000000000", "1", "2")
        assert fields["Uid"].split()[0] != "0"
        assert "Read-only file system" in status


def test_every_container_has_limits(stack: Stack) -> None:
    for service in SERVICES:
        host = stack.inspect(stack.container(service))["HostConfig"]
        assert host["Memory"] > 0, service
        assert host["NanoCpus"] > 0, service
        assert host["PidsLimit"] > 0, service
        assert host["LogConfig"]["Config"]["max-size"] == "10m", service


def test_no_secret_is_in_an_environment_or_in_a_log(stack: Stack, daemon: Daemon) -> None:
    logs = stack.compose("logs", "--no-color")
    for name in stack.containers():
        told = daemon.docker("inspect", name)
        for secret, value in stack.secrets.items():
            assert value not in told, f"{secret} in what docker inspect says of {name}"
            assert value not in logs, f"{secret} in the logs"
    listed = stack.inside("redis", "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
    assert stack.secret("redis_password") not in listed


def test_the_stores_are_reached_by_kagami_alone(stack: Stack) -> None:
    for service in ("postgres", "redis"):
        ports = stack.inspect(stack.container(service))["NetworkSettings"]["Ports"]
        assert not any(ports.values())
    line = "exec 3<>/dev/tcp/$(getent hosts postgres | cut -d' ' -f1)/5432"
    assert stack.inside("kagami", "bash", "-c", f"{line} && echo reached").strip() == "reached"
    assert "reached" not in stack.inside("napcat", "bash", "-c", f"({line}) 2>/dev/null && echo reached || true")


def test_only_what_users_need_is_open_to_others(stack: Stack) -> None:
    bound = {
        (service, inside): each["HostIp"]
        for service in SERVICES
        for inside, given in stack.inspect(stack.container(service))["HostConfig"]["PortBindings"].items()
        for each in given
    }
    assert {key for key in bound if key[0] != "nginx"} == {("napcat", "6099/tcp")}
    assert bound["nginx", "3001/tcp"] == "127.0.0.1"


def test_killed_it_is_started_again_healthy_and_knows_its_bots(stack: Stack) -> None:
    name = stack.container("kagami")
    before = stack.inspect(name)["RestartCount"]
    stack.inside("kagami", "sh", "-c", "kill -9 $(cat /var/lib/kagami/kagami.lock)")
    wait_until(lambda: stack.inspect(name)["RestartCount"] > before, "a restart")
    wait_until(stack.serves, "ready")
    assert "napcat" in bots(stack)  # also while the leases of the one that was killed have not ended
    wait_until(lambda: stack.health("kagami") == "healthy" and stack.serves(), "healthy again")


def test_told_to_stop_it_ends_with_0(stack: Stack, daemon: Daemon) -> None:
    name = stack.container("kagami")
    daemon.docker("stop", "--time", "40", name)
    state = stack.inspect(name)["State"]
    daemon.docker("start", name)
    wait_until(lambda: stack.health("kagami") == "healthy" and stack.serves(), "healthy again")
    assert (state["ExitCode"], state["OOMKilled"]) == (0, False)


def test_status_shows_health_versions_and_ports(stack: Stack, daemon: Daemon) -> None:
    told = daemon.make("status")
    for each in (
        "(healthy)",
        "kagami:",
        "postgres:16",
        f":{stack.port('console')}->10000/tcp",
        "components.store.state",
    ):
        assert each in told


def test_up_again_changes_nothing(stack: Stack, daemon: Daemon) -> None:
    before = {each: stack.inspect(stack.container(each))["Id"] for each in SERVICES}
    daemon.make("up", timeout=120)
    assert {each: stack.inspect(stack.container(each))["Id"] for each in SERVICES} == before
