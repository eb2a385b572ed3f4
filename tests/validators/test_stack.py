"""What compose makes of its file and its settings, without an engine."""

from __future__ import annotations

import os
import subprocess
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from kagami.web.auth import origin
from tests.validators.tools import ROOT, find, read

VISITOR, NGINX = "203.0.113.9", "172.30.231.2"
STACKS = ["docker-compose.yml", "deploy/stack.yml"]


def understood(folder: Path, stage: str, **given: str) -> Any:
    environ = {"PATH": os.environ["PATH"], "DOCKER_CONFIG": str(folder), "HOME": str(folder)} | given
    line = [find("docker-compose"), "--env-file", f"deploy/{stage}.env", "--profile", "*", "config"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True, env=environ)
    return yaml.safe_load(done.stdout)


def gateway(stack: Any) -> str:
    """Where what comes from this machine itself comes from."""
    (pool,) = stack["networks"]["out"]["ipam"]["config"]
    assert ip_address(pool["gateway"]) in ip_network(pool["subnet"])
    return str(pool["gateway"])


def seen(stack: Any, *forwarded: str) -> str:
    """Where Kagami takes a request to come from that nginx hands on."""
    told = stack["services"]["kagami"]["environment"]["KAGAMI_WEB__TRUSTED_PROXIES"].split(",")
    return origin(NGINX, [", ".join(forwarded)], [ip_network(each) for each in told])


def test_a_proxy_on_this_machine_is_believed_when_it_is_named(tmp_path: Path) -> None:
    address = gateway(understood(tmp_path, "prod"))
    assert f"PROXY={address}," in (ROOT / "deploy" / "prod.env").read_text("utf-8")
    assert seen(understood(tmp_path, "prod", PROXY=address), VISITOR, address) == VISITOR


@pytest.mark.parametrize("stage", ["prod", "dev"])
def test_nobody_but_nginx_is_believed_unasked(tmp_path: Path, stage: str) -> None:
    stack = understood(tmp_path, stage)
    for peer in (gateway(stack), VISITOR):
        assert seen(stack, "192.0.2.1", peer) == peer


def test_networks_do_not_overlap(tmp_path: Path) -> None:
    stack = understood(tmp_path, "prod")
    nets = [ip_network(stack["networks"][name]["ipam"]["config"][0]["subnet"]) for name in ("out", "door")]
    assert not nets[0].overlaps(nets[1])


def test_what_is_published_is_for_this_machine_but_for_three_ports(tmp_path: Path) -> None:
    services = understood(tmp_path, "prod")["services"].values()
    ports = [port for each in services for port in each.get("ports", ())]
    assert {port["target"] for port in ports if port["host_ip"] != "127.0.0.1"} == {10000, 8080, 6099}
    local = [port for each in understood(tmp_path, "dev")["services"].values() for port in each.get("ports", ())]
    assert {port["host_ip"] for port in local} == {"127.0.0.1"}


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize(("token", "code"), [("", 78), ("napcat", 78), ("kQ7v_nR2mZpX4tL8", 0), (None, 78)])
def test_napcat_does_not_start_with_a_token_that_could_be_guessed(
    tmp_path: Path, stack: str, token: str | None, code: int
) -> None:
    *shell, script = read(stack)["services"]["napcat"]["entrypoint"]
    secret = tmp_path / "napcat_token"
    if token is not None:
        secret.write_text(token)
    (tmp_path / "entrypoint.sh").write_text('echo "started with $WEBUI_TOKEN"\n')
    script = script.replace("$$", "$").replace("/run/secrets/napcat_token", str(secret))
    done = subprocess.run([*shell, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "" if code else f"started with {token}\n")
