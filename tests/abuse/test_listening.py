"""SA1, SA2: what listens where, and with which secrets it may not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import pytest

from kagami.cli.main import main
from tests.engine.running import engine

LISTENS, UNCONNECTED = "0A", "07"
SPELLED = [("tcp", LISTENS), ("tcp6", LISTENS), ("udp", UNCONNECTED), ("udp6", UNCONNECTED)]


class Open(NamedTuple):
    """A socket of this process to which others can send something."""

    address: str
    port: int


def address_of(spelled: str) -> str:
    """As the kernel writes it: words of four bytes, each in the order of the machine."""
    words = [bytes.fromhex(spelled[at : at + 8])[::-1] for at in range(0, len(spelled), 8)]
    return str(ip_address(b"".join(words)))


def rows() -> Iterator[tuple[str, Open]]:
    """Every open socket of the network that this process is in, with its number."""
    for table, state in SPELLED:
        for line in Path(f"/proc/self/net/{table}").read_text("ascii").splitlines()[1:]:
            (
                _,
                local,
                _,
                found,
                *_,
            ) = line.split()[:4]
            host, _, port = local.partition(":")
            if found == state:
                yield line.split()[9], Open(address_of(host), int(port, 16))


def listening() -> set[Open]:
    """Of this process alone."""
    own = set()
    for each in Path("/proc/self/fd").iterdir():
        try:
            name = str(each.readlink())
        except OSError:  # the listing's own descriptor
            continue
        if name.startswith("socket:["):
            own.add(name[8:-1])
    return {found for number, found in rows() if number in own}


async def test_with_defaults_nothing_listens_off_this_machine(tmp_path: Path) -> None:
    """Every socket of a whole engine, and not only those that it is known to open."""
    before = listening()
    async with engine(tmp_path / "home") as opened:
        found = listening() - before
        ports = {opened.gateway_port, opened.web_port}
    assert {each.port for each in found} == ports
    assert {each.address for each in found} == {"127.0.0.1"}


def test_a_socket_that_others_can_reach_would_be_seen() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server, socket.create_server(("::", 0), family=socket.AF_INET6) as six:  # noqa: S104
        assert {("0.0.0.0", server.getsockname()[1]), ("::", six.getsockname()[1])} <= listening()  # noqa: S104


BAD = ["", "x", "napcat", "NapCat", "astrbot", "changeme", "change-me", "password", "12345678901234567890", "a" * 64]


@pytest.mark.parametrize("token", BAD)
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "bot.example"])  # noqa: S104
def test_an_open_port_with_a_bad_token_does_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], host: str, token: str
) -> None:
    environ = {"KAGAMI_LANGUAGE": "en", "KAGAMI_GATEWAY__HOST": host, "KAGAMI_GATEWAY__TOKEN": token}
    assert main(["--home", str(tmp_path), "run"], environ) == 78
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err.startswith("kagami: gateway.token = ••• ")) == ("", 1, True)


@pytest.mark.parametrize("secret", [each for each in BAD if each])
def test_a_bad_signing_secret_does_not_start_wherever_it_listens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], secret: str
) -> None:
    environ = {"KAGAMI_LANGUAGE": "en", "JWT_SECRET": secret}
    assert main(["--home", str(tmp_path), "run"], environ) == 78
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err.startswith("kagami: web.jwt_secret = ••• ")) == ("", 1, True)
