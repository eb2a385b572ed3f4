"""The running stack as its users and its operator see it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from tests.deploy.daemon import Daemon

WAIT_S = 90.0
LOGIN = ("kagami", "bots", "login", "napcat", "--json")
PUBLISHED = {"console": "CONSOLE_PORT", "api": "API_PORT", "gateway": "GATEWAY_PORT", "napcat": "NAPCAT_PORT"}
_open = build_opener(ProxyHandler({})).open


class Stack:
    """`told` is what `make up` said. `ports` are by the names that the files have for them."""

    def __init__(self, daemon: Daemon, secrets: Path, ports: Mapping[str, str]) -> None:
        self._daemon = daemon
        self._secrets = secrets
        self._ports = ports
        self.told = ""

    def port(self, door: str) -> int:
        return int(self._ports[PUBLISHED[door]])

    def secret(self, name: str) -> str:
        return (self._secrets / name).read_text().strip()

    @property
    def secrets(self) -> dict[str, str]:
        return {path.name: path.read_text().strip() for path in self._secrets.iterdir() if path.suffix != ".toml"}

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port('gateway')}/onebot/v11/ws"

    def compose(self, *words: str, timeout: float = 120) -> str:
        return self._daemon.docker("compose", "--env-file", "deploy/dev.env", *words, timeout=timeout)

    def container(self, service: str) -> str:
        """The name of the one container of a service, also when it has ended."""
        (name,) = self.containers(service)
        return name

    def containers(self, *services: str) -> list[str]:
        return self.compose("--profile", "scale", "ps", "--all", "--format", "{{.Name}}", *services).split()

    def inspect(self, name: str) -> dict[str, Any]:
        (found,) = json.loads(self._daemon.docker("inspect", name))
        return dict(found)

    def health(self, service: str) -> str:
        state = self.inspect(self.container(service))["State"]
        return str(state["Health"]["Status"]) if state["Running"] else str(state["Status"])

    def serves(self) -> bool:
        """Somebody behind nginx is ready: health alone is what was found last, of a container that has died, too."""
        try:
            return self.ask("api", "/readyz") is not None
        except HTTPError:
            return False

    def inside(self, service: str, *words: str) -> str:
        return self._daemon.docker("exec", self.container(service), *words)

    def said(self) -> str:
        """The last lines of every engine, whatever has become of it."""
        return self.compose("--profile", "scale", "logs", "--no-color", "--tail", "30", "kagami", "gateway", "worker")

    def ask(self, door: str, path: str, body: Any = None, **headers: str) -> Any:
        """JSON of an address that is published; a body makes it a POST."""
        given = None if body is None else json.dumps(body).encode()
        named = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        request = Request(f"http://127.0.0.1:{self.port(door)}{path}", given, named)
        with _open(request, timeout=30) as response:
            return json.load(response)

    def log_in(self) -> str:
        """An operator's access token, by the API."""
        given = {"user": "admin", "password": self.secret("admin_password")}
        return str(self.ask("api", "/api/v1/auth/login", given)["access_token"])


def log_napcat_in(stack: Stack, daemon: Daemon, containers: list[str]) -> None:
    """The phone scans, and Kagami sets NapCat's connection: asked at the first of these engines, whichever has the
    account.
    """
    stack.ask("napcat", "/standin/scan", {})
    here = containers[0]
    told: list[tuple[int, str]] = []

    def logged_in() -> bool:
        """A NapCat that was made anew is another address, which whoever has the account may learn by a time-out."""
        told.append(daemon.fails("timeout", "30", "docker", "exec", here, *LOGIN))
        return told[-1][0] == 0

    wait_until(logged_in, told)
    daemon.docker("exec", here, "kagami", "bots", "reconnect", "napcat")
    wait_until(lambda: any(_is_online(daemon, each) for each in containers), "the account is online")


def _is_online(daemon: Daemon, container: str) -> bool:
    _, told = daemon.fails("docker", "exec", container, "kagami", "bots", "list", "--json")
    return re.search(r'"qq:10001"[^}]*"health": ?\{"state": ?"online"', told) is not None


def wait_until(true: Callable[[], bool], what: object, seconds: float = WAIT_S) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.2)
