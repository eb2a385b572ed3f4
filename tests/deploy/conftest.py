"""One engine, one image and one stack for all tests of this folder: `make test-deploy`, as root."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from kagami import __version__
from tests.deploy import bases
from tests.deploy.daemon import Daemon
from tests.deploy.leftovers import FOLDER, machine_kept
from tests.deploy.stack import Stack

HERE = Path(__file__).parent
PATIENCE_S = 900
IMAGE = f"kagami:{__version__}"
UNPACED = """
[pace]
account_per_second = 0
chat_per_second = 0
[limits]
user_per_minute = 0
chat_per_minute = 0
"""
PORTS = ("CONSOLE_PORT", "API_PORT", "GATEWAY_PORT", "NAPCAT_PORT")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever test comes first waits for an engine, stand-ins and an image."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.timeout(PATIENCE_S))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With a test of the stack that fails comes what Kagami said."""
    report = yield
    stack = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(stack, Stack):
        report.sections.append(("Kagami said", stack.said()))
    return report


@pytest.fixture(scope="session")
def daemon() -> Iterator[Daemon]:
    # Not pytest's own folder: sockets need a short path, and removing the layers is the engine's affair.
    with ExitStack() as stack:
        stack.enter_context(machine_kept())
        opened = Daemon(Path(tempfile.mkdtemp(prefix=FOLDER)))
        stack.callback(opened.stop)
        opened.start()
        yield opened


@pytest.fixture(scope="session")
def image(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Kagami's image, built from the Dockerfile as it is by `make build`; NapCat's stand-in is made of it."""
    room = tmp_path_factory.mktemp("bases")
    bases.make_bases(daemon, room)
    daemon.make("build", timeout=300)
    bases.napcat(daemon, room / "napcat", IMAGE)
    return IMAGE


@pytest.fixture(scope="session")
def stack(daemon: Daemon, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """What `make up` starts, on ports that were free and with secrets of its own."""
    secrets = tmp_path_factory.mktemp("secrets") / "made"
    ports = free_ports()
    daemon.environment |= {"STACK": "kagamitest", "STAGE": "dev", "SECRETS": str(secrets)} | ports
    daemon.environment |= {"DOOR_SUBNET": "172.31.251.0/26", "OUT_SUBNET": "172.31.251.64/26"}
    daemon.environment["OUT_GATEWAY"] = "172.31.251.65"
    make_secrets(daemon, secrets)
    up = Stack(daemon, secrets, ports)
    try:
        up.told = daemon.make("up", timeout=300)
        yield up
    finally:
        daemon.make("down", "VOLUMES=1", timeout=120)


def make_secrets(daemon: Daemon, folder: Path) -> None:
    """As `make up` makes them; the first configuration lets a crowd talk, which is far more than QQ bears."""
    daemon.run("env", f"SECRETS={folder}", "sh", "deploy/secrets.sh")
    with (folder / "kagami.toml").open("a") as settings:
        settings.write(UNPACED)


def free_ports() -> dict[str, str]:
    found: dict[str, str] = {}
    with ExitStack() as held:
        for name in PORTS:
            listener = held.enter_context(socket.create_server(("127.0.0.1", 0)))
            found[name] = str(listener.getsockname()[1])
    return found
