"""The Helm chart's pod, run by podman from the image of the Dockerfile: what a cluster would run, as far as one can."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from helm_python import Chart

from tests.deploy.daemon import ROOT, Daemon

# Of what a chart renders, the kinds that podman plays.
PLAYED = ("Secret", "ConfigMap", "PersistentVolumeClaim", "Deployment")
CONTAINER = "kagami-all-pod-0-kagami"
PATIENCE_S = 60.0
# The limits that podman would set by itself are above those of small machines.
CONFIG = '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n'
ECHO = """
import asyncio
from pathlib import Path
from kagami.testing.onebot import connect_implementation

async def main():
    token = Path("/run/secrets/kagami/auth/gateway-token").read_text().strip()
    async with connect_implementation("ws://127.0.0.1:3001/onebot/v11/ws", token=token) as peer, asyncio.timeout(30):
        await peer.say("/echo well", user="2", group="4")
        call = await peer.called("send_group_msg")
        print(call["params"]["message"][0]["data"]["text"])

asyncio.run(main())
"""
PROBE = """
import sys
import urllib.request
for path in sys.argv[1:]:
    print(path, urllib.request.urlopen("http://127.0.0.1:5000" + path).status)
"""


class Podman:
    """Podman with folders of its own."""

    def __init__(self, folder: Path) -> None:
        for name in ("podman", "runc", "catatonit"):
            assert shutil.which(name), f"these tests need {name}: apt-get install podman runc catatonit"
        config = folder / "containers.conf"
        config.write_text(CONFIG)
        self._environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "CONTAINERS_CONF": str(config)}
        stores = ("--root", str(folder / "root"), "--runroot", str(folder / "run"), "--storage-driver", "overlay")
        self._command = ("podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs", *stores)

    def say(self, *words: str, given: str = "") -> str:
        done = subprocess.run(
            [*self._command, *words],
            env=self._environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S * 3,
        )
        assert done.returncode == 0, f"podman {' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout

    def inside(self, *words: str, given: str = "") -> str:
        return self.say("exec", "--interactive", CONTAINER, *words, given=given)


def manifest(image: str) -> str:
    values: Any = yaml.safe_load((ROOT / "deploy" / "helm" / "values" / "podman.yaml").read_text("utf-8"))
    values["image"]["repository"] = f"docker.io/library/{image.partition(':')[0]}"
    with Chart.load(ROOT / "deploy" / "helm" / "kagami") as chart:
        texts = chart.render(values, name="kagami", namespace="default")
    found = [each for name, text in texts.items() if name.endswith(".yaml") for each in yaml.safe_load_all(text)]
    documents = sorted(
        (each for each in found if each and each["kind"] in PLAYED), key=lambda each: PLAYED.index(each["kind"])
    )
    (container,) = documents[-1]["spec"]["template"]["spec"]["containers"]
    # Podman publishes every port on the machine, where another may have it already.
    numbers = {each["name"]: each["containerPort"] for each in container.pop("ports")}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        container[probe]["httpGet"]["port"] = numbers[container[probe]["httpGet"]["port"]]
    return str(yaml.safe_dump_all(documents))


@pytest.fixture(scope="module")
def pod(daemon: Daemon, image: str) -> Iterator[Podman]:
    folder = Path(tempfile.mkdtemp(prefix="kagami-podman-"))
    podman = Podman(folder)
    try:
        daemon.docker("save", "--output", str(folder / "image.tar"), image, timeout=120)
        # What it is called there depends on the version.
        loaded = podman.say("load", "--quiet", "--input", str(folder / "image.tar")).split()[-1]
        podman.say("tag", loaded, f"docker.io/library/{image}")
        (folder / "kube.yaml").write_text(manifest(image))
        podman.say("kube", "play", "--network", "none", str(folder / "kube.yaml"))
        wait_for(podman)
        yield podman
    finally:
        with suppress(AssertionError):
            podman.say("pod", "rm", "--force", "--all")
        subprocess.run(
            ["/usr/bin/umount", "--lazy", str(folder / "root" / "overlay")], capture_output=True, check=False
        )
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(podman: Podman) -> None:
    """Until it is ready."""
    until = time.monotonic() + PATIENCE_S
    while not _well(podman):
        assert time.monotonic() < until, podman.say("logs", CONTAINER)
        time.sleep(0.5)


def _well(podman: Podman) -> bool:
    with suppress(AssertionError):
        podman.inside("kagami", "health")
        return True
    return False


def test_a_message_is_answered(pod: Podman) -> None:
    assert pod.inside("python", "-", given=ECHO) == "well\n"


def test_probes_are_answered(pod: Podman) -> None:
    assert pod.inside("python", "-", "/livez", "/readyz", given=PROBE) == "/livez 200\n/readyz 200\n"


def test_it_may_nothing_beyond_its_work(pod: Podman) -> None:
    state = dict(line.split(":\t") for line in pod.inside("cat", "/proc/self/status").splitlines() if ":\t" in line)
    assert state["Uid"].split()[0] == "10001"
    assert (int(state["CapEff"], 16), int(state["CapBnd"], 16), state["NoNewPrivs"], state["Seccomp"]) == (
        0,
        0,
        "1",
        "2",
    )
    assert "Read-only" in pod.inside("sh", "-c", "touch /x 2>&1 || true")


def test_it_ends_well_when_it_is_told_to(pod: Podman) -> None:
    pod.say("stop", "--time", "40", CONTAINER)
    (found,) = json.loads(pod.say("inspect", CONTAINER))
    assert found["State"]["ExitCode"] == 0
    pod.say("start", CONTAINER)  # in whatever order these tests come
    wait_for(pod)
