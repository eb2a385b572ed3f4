"""A Docker engine of its own for these tests: own folders, own socket, own bridge; nothing of it stays."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.deploy import system
from tests.deploy.leftovers import SWARM_BRIDGE, delete_link, unmount

ROOT = Path(__file__).parent.parent.parent
READY_S, GONE_S = 30.0, 30.0
COMMAND_S = 60.0
CLIENTS = ("/usr/bin/docker",)
# A bridge of its own: another engine of this machine keeps `docker0`, and another run of these tests has another.
BRIDGE, ADDRESS = f"kagami{os.getpid() % 10**8}", f"172.31.{200 + os.getpid() % 50}.1/24"
POOL = {"base": "172.31.128.0/18", "size": 26}


class Daemon:
    """`docker` and `make` run against it alone; both raise with what was said when a command fails."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("DOCKER_", "COMPOSE_"))},
            "DOCKER_HOST": f"unix://{folder}/docker.sock",
            "DOCKER_CONFIG": str(folder / "config"),
            "DOCKER_BUILDKIT": "1",
            # Debian's client has BuildKit in it; others need the buildx plugin.
            "PATH": f"{folder}/bin:{os.environ['PATH']}",
        }
        self._owns_swarm_bridge = not Path("/sys/class/net", SWARM_BRIDGE).exists()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        plugins = self.folder / "config" / "cli-plugins"
        plugins.mkdir(parents=True)
        (plugins / "docker-compose").symlink_to(Path(sys.executable).with_name("docker-compose"))
        client = next((each for each in CLIENTS if Path(each).exists()), "docker")
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "docker").symlink_to(client)
        settings = {
            "data-root": str(self.folder / "root"),
            "exec-root": str(self.folder / "exec"),
            "pidfile": str(self.folder / "docker.pid"),
            "hosts": [self.environment["DOCKER_HOST"]],
            "exec-opts": ["native.cgroupdriver=cgroupfs"],
            "storage-driver": "overlay2",
            "bridge": BRIDGE,
            "default-address-pools": [POOL],
            "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 4096, "Hard": 4096}},
        }
        for words in (("add", BRIDGE, "type", "bridge"), ("set", BRIDGE, "up")):
            system.run("ip", "link", *words)
        system.run("ip", "address", "add", ADDRESS, "dev", BRIDGE)
        config = self.folder / "daemon.json"
        config.write_text(json.dumps(settings))
        with (self.folder / "log").open("wb") as log:
            command = ["dockerd", "--config-file", str(config)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + READY_S
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < until, "dockerd does not answer"
            time.sleep(0.1)

    def _answers(self) -> bool:
        asked = subprocess.run(
            [system.found("docker"), "version"], env=self.environment, capture_output=True, check=False
        )
        return asked.returncode == 0

    def docker(self, *words: str, timeout: float = COMMAND_S) -> str:
        return self.run("docker", *words, timeout=timeout)

    def make(self, *words: str, timeout: float = COMMAND_S) -> str:
        """A target of the repository, as a user calls it."""
        return self.run("make", "--no-print-directory", "--directory", str(ROOT), *words, timeout=timeout)

    def run(self, *words: str, timeout: float = COMMAND_S) -> str:
        done = subprocess.run(
            words, env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
        )
        assert done.returncode == 0, (
            f"{' '.join(words)}: {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        )
        return done.stdout

    def fails(self, *words: str, timeout: float = COMMAND_S) -> tuple[int, str]:
        """The exit code of a command that may fail, and all that it said."""
        done = subprocess.run(
            words, env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def stop(self) -> None:
        with suppress(AssertionError, subprocess.TimeoutExpired):
            self.run("sh", "-c", "docker ps --all --quiet | xargs -r docker rm --force --volumes")
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(GONE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        unmount(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        for link in (BRIDGE, SWARM_BRIDGE) if self._owns_swarm_bridge else (BRIDGE,):
            delete_link(link)
