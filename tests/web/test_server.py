from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path

import pytest

from kagami.operations import registry
from kagami.web.config import WebConfig
from kagami.web.server import WebServer, bind_local
from tests.web.conftest import Serve
from tests.web.doubles import make_parts


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz", "/metrics"])
async def test_both_doors_tell_health(serve: Serve, path: str) -> None:
    async with serve() as site:
        async with site.outside.get(path) as response:
            assert response.status == 200
        async with site.inside.get(path) as response:
            assert response.status == 200


async def test_only_the_owner_may_open_the_socket(serve: Serve) -> None:
    async with serve() as site:
        assert stat.S_IMODE(site.socket.stat().st_mode) == 0o600


async def test_the_socket_goes_with_the_server(serve: Serve) -> None:
    async with serve() as site:
        assert site.socket.exists()
    assert not site.socket.exists()


async def test_the_socket_of_a_dead_engine_is_replaced(serve: Serve, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "k.sock"))
    async with serve() as site, site.inside.get("/livez") as response:
        assert response.status == 200


async def test_the_socket_of_a_live_engine_is_kept(serve: Serve, tmp_path: Path) -> None:
    async with serve() as site:
        with pytest.raises(OSError, match="in use"):
            bind_local(tmp_path / "k.sock")
        async with site.inside.get("/livez") as response:
            assert response.status == 200


def test_another_file_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "k.sock").write_text("mine")
    with pytest.raises(OSError, match="exists"):
        bind_local(tmp_path / "k.sock")
    assert (tmp_path / "k.sock").read_text() == "mine"


async def test_a_taken_port_leaves_nothing_open(serve: Serve, tmp_path: Path) -> None:
    async with serve() as site:
        other = WebServer(WebConfig(port=site.server.port), registry(), make_parts(), socket=tmp_path / "o.sock")
        with pytest.raises(OSError, match="in use"):
            await other.__aenter__()
    assert not (tmp_path / "o.sock").exists()


async def test_a_taken_socket_frees_the_port(tmp_path: Path) -> None:
    (tmp_path / "none").touch()
    server = WebServer(WebConfig(port=0), registry(), make_parts(), socket=tmp_path / "none" / "k.sock")
    with pytest.raises(OSError, match="directory"):
        await server.__aenter__()
    with pytest.raises(OSError, match=r"refused|Connect"):
        await asyncio.open_connection("127.0.0.1", server.port)


async def test_the_port_is_known_before_it_is_open(tmp_path: Path) -> None:
    assert WebServer(WebConfig(port=5_001), registry(), make_parts(), socket=tmp_path / "k.sock").port == 5_001
