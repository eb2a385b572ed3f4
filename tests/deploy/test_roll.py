"""The profile `scale`: replicas behind nginx that die and are rolled while people talk."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.error import HTTPError

import pytest

from tests.deploy.daemon import Daemon
from tests.deploy.stack import Stack, log_napcat_in
from tests.deploy.talk import Talk

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def scaled(stack: Stack, daemon: Daemon) -> Iterator[Stack]:
    """Two gateways and two workers beside the engine of the one box, with NapCat's QQ logged in. Without the word for
    them they go again.
    """
    daemon.make("up", "SCALE=1", "STAGE=prod", timeout=300)
    log_napcat_in(stack, daemon, stack.containers("kagami", "gateway"))
    yield stack
    assert "the replicas go" in daemon.make("up", "STAGE=dev", timeout=300)
    assert stack.log_in()  # while nginx may still know those that have gone
    assert not stack.containers("gateway", "worker")


async def test_replicas_are_rolled_while_people_talk_and_nothing_is_lost(scaled: Stack, daemon: Daemon) -> None:
    before = set(scaled.containers("gateway", "worker"))

    def roll() -> None:
        for service in ("gateway", "worker"):
            daemon.run("env", "STAGE=prod", "sh", "deploy/roll.sh", service, timeout=300)

    talk = Talk(scaled.ask)
    await talk.during(roll)
    await talk.settle()
    after = set(scaled.containers("gateway", "worker"))
    assert len(after) == len(before) == 4
    assert not after & before
    assert (talk.lost, talk.doubled) == ([], [])


def test_a_replica_that_is_killed_is_left_out(scaled: Stack, daemon: Daemon) -> None:
    daemon.docker("kill", scaled.containers("gateway")[0])
    try:
        assert {alive(scaled) for _ in range(20)} == {"ok"}
    finally:  # others find as many as before
        daemon.make("up", "SCALE=1", "STAGE=prod", timeout=300)


def alive(stack: Stack) -> str:
    try:
        return str(stack.ask("api", "/livez")["state"])
    except HTTPError:
        return stack.compose("logs", "--tail", "10", "nginx")


def test_the_engine_of_the_one_box_is_not_rolled_beside_itself(stack: Stack, daemon: Daemon) -> None:
    code, told = daemon.fails("sh", "deploy/roll.sh", "kagami")
    assert code == 1
    assert "its own volume" in told


def test_without_replicas_it_says_how_to_start_them(daemon: Daemon) -> None:
    code, told = daemon.fails("env", "STACK=kagaminone", "sh", "deploy/roll.sh", "worker")
    assert code == 1
    assert "SCALE=1" in told
