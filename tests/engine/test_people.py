from __future__ import annotations

import io
import re
from pathlib import Path

import aiohttp
import pytest

from kagami.engine.people import invite
from kagami.errors import SettingError, Unauthorized
from kagami.operations.people import Add, ListPeople
from tests.engine.test_init import engine

PASSWORD = "seven purple geese"


async def test_the_first_operator_comes_from_the_environment_and_stays_logged_in(tmp_path: Path) -> None:
    async with engine(tmp_path, KAGAMI_ADMIN_PASSWORD=PASSWORD) as opened:
        assert [row.name for row in await opened.call(ListPeople())] == ["admin"]
        pair = await opened.parts.people.login("admin", PASSWORD, "192.0.2.1")
    async with engine(tmp_path, KAGAMI_ADMIN_PASSWORD="nine green lanterns") as opened:
        assert (await opened.parts.people.principal(pair.access_token, "192.0.2.1")).name == "admin"
        with pytest.raises(Unauthorized):
            await opened.parts.people.login("admin", "nine green lanterns", "192.0.2.1")


async def test_a_first_password_that_is_guessed_early_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="KAGAMI_ADMIN_PASSWORD") as caught:
        async with engine(tmp_path, KAGAMI_ADMIN_PASSWORD="password1234"):
            pass
    assert caught.value.exit_code == 78
    assert "password1234" not in str(caught.value)


async def test_a_terminal_is_shown_a_code_that_works(tmp_path: Path) -> None:
    terminal = io.StringIO()
    async with engine(tmp_path) as opened:
        await invite(opened, terminal, str)
        found = re.search(r"(?:[A-Z2-9]{4}-){3}[A-Z2-9]{4}", terminal.getvalue())
        assert found
        await opened.parts.people.setup(found[0], "admin", PASSWORD, "192.0.2.1")
        ring = opened.parts.ring
        assert not any(found[0] in line.text for line in ring.window(wanted=lambda _: True, before=0, limit=1_000))


async def test_with_an_operator_nothing_is_shown(tmp_path: Path) -> None:
    terminal = io.StringIO()
    async with engine(tmp_path) as opened:
        await opened.call(Add(name="alice", role="admin", password=PASSWORD))
        await invite(opened, terminal, str)
    assert terminal.getvalue() == ""


async def test_the_port_knows_people(tmp_path: Path, unused_tcp_port: int) -> None:
    free = {"KAGAMI_WEB__PORT": str(unused_tcp_port), "KAGAMI_ADMIN_PASSWORD": PASSWORD}
    async with engine(tmp_path, **free) as opened, aiohttp.ClientSession(f"http://127.0.0.1:{unused_tcp_port}") as port:
        pair = await opened.parts.people.login("admin", PASSWORD, "192.0.2.1")
        headers = {"Authorization": f"Bearer {pair.access_token}"}
        async with port.post("/api/v1/people/me", json={}, headers=headers) as response:
            assert (response.status, (await response.json())["name"]) == (200, "admin")
        async with port.post("/api/v1/people/me", json={}) as response:
            assert response.status == 401
