"""deploy/stack.yml in a Swarm of one machine: a start-first update while people talk."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.deploy.conftest import free_ports, make_secrets
from tests.deploy.daemon import Daemon
from tests.deploy.stack import Stack, log_napcat_in, wait_until
from tests.deploy.talk import Talk

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]

NAME, STARTED_S, SERVICES = "kagamiswarm", 240.0, 6
ROLLED = (f"{NAME}_gateway", f"{NAME}_worker")
POOLS = ("--default-addr-pool", "172.31.192.0/18", "--default-addr-pool-mask-length", "24")


@pytest.fixture(scope="module")
def swarm(daemon: Daemon, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    secrets = tmp_path_factory.mktemp("secrets") / "made"
    given = {"SECRETS": str(secrets), "DOOR_SUBNET": "172.31.252.0/26"} | free_ports()
    pairs = [f"{name}={value}" for name, value in given.items()]
    make_secrets(daemon, secrets)
    daemon.docker("swarm", "init", "--advertise-addr", "127.0.0.1", *POOLS)
    try:
        words = ("stack", "deploy", "--compose-file", "deploy/stack.yml", NAME)
        daemon.run("env", *pairs, "docker", *words, timeout=120)
        opened = Stack(daemon, secrets, given)
        wait_until(lambda: _answers(opened), "NapCat answers", STARTED_S)
        wait_until(lambda: _complete(daemon), "all replicas run", STARTED_S)
        log_napcat_in(opened, daemon, _tasks(daemon, ROLLED[0]))
        yield opened
    finally:
        daemon.docker("stack", "rm", NAME)
        label = f"label=com.docker.stack.namespace={NAME}"
        wait_until(lambda: not daemon.docker("ps", "--all", "--quiet", "--filter", label), "its containers are gone")
        daemon.docker("volume", "rm", *daemon.docker("volume", "ls", "--quiet", "--filter", label).split())
        # The Swarm goes with its engine: one that leaves it forgets the names on every network, and what is started
        # there later finds nobody (https://github.com/moby/moby/issues/45144).


def _answers(stack: Stack) -> bool:
    try:
        stack.ask("napcat", "/standin/chat?group=1")
    except OSError:
        return False
    return True


def _complete(daemon: Daemon) -> bool:
    told = daemon.docker("service", "ls", "--format", "{{.Replicas}}").split()
    return len(told) == SERVICES and all(each.partition("/")[0] == each.partition("/")[2] for each in told)


def _tasks(daemon: Daemon, service: str) -> list[str]:
    return daemon.docker("ps", "--quiet", "--filter", f"label=com.docker.swarm.service.name={service}").split()


async def test_a_start_first_update_under_load_loses_nothing(swarm: Stack, daemon: Daemon) -> None:
    before = {each for service in ROLLED for each in _tasks(daemon, service)}

    def update() -> None:
        for service in ROLLED:
            daemon.docker("service", "update", "--force", "--quiet", service, timeout=300)

    talk = Talk(swarm.ask)
    await talk.during(update)
    await talk.settle()
    assert not before & {each for service in ROLLED for each in _tasks(daemon, service)}
    assert (talk.lost, talk.doubled) == ([], [])


def test_its_secrets_belong_to_the_user_alone(swarm: Stack, daemon: Daemon) -> None:
    task = _tasks(daemon, ROLLED[0])[0]
    listed = daemon.docker("exec", task, "stat", "--format", "%u %a", "/run/secrets/jwt_secret")
    assert listed.split() == ["10001", "400"]


def test_its_replicas_are_limited_and_without_rights(swarm: Stack, daemon: Daemon) -> None:
    host = json.loads(daemon.docker("inspect", _tasks(daemon, ROLLED[0])[0]))[0]["HostConfig"]
    assert (host["ReadonlyRootfs"], host["CapDrop"]) == (True, ["ALL"])
    assert host["Memory"] == 512 << 20
