from __future__ import annotations

import io
from typing import Any

import pytest
from aiohttp import ClientSession

from kagami.core.secrets import Secret
from kagami.errors import StoreClosed
from kagami.meters import Meters
from kagami.web.config import WebConfig
from tests.web.conftest import Serve
from tests.web.doubles import OneKey, SmallStore, StillHouse, pulse

CONFIRMED = {"X-Confirm": "yes"}
FAR = {"X-Forwarded-For": "203.0.113.9"}


async def get(client: ClientSession, path: str) -> tuple[int, dict[str, object]]:
    async with client.get(path) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
async def test_a_sound_engine_is_well(serve: Serve, path: str) -> None:
    async with serve() as site:
        status, told = await get(site.outside, path)
        assert (status, told["state"]) == (200, "ok")


async def test_health_names_its_components(serve: Serve) -> None:
    async with serve() as site:
        _, told = await get(site.outside, "/healthz")
        assert isinstance(told["components"], dict)
        assert set(told["components"]) == {"loop", "store", "bots"}, "a worker has no gateway"


async def test_health_tells_of_a_gateway_where_there_is_one(serve: Serve) -> None:
    meters = Meters()
    meters.gauge["gateway_connections"] = 2
    async with serve(meters=meters) as site:
        _, told = await get(site.outside, "/healthz")
        assert isinstance(told["components"], dict)
        assert told["components"]["gateway"]["figures"] == {"connections": 2}


async def test_a_broken_store_is_unready_and_alive(serve: Serve) -> None:
    store = SmallStore()
    store.broken = StoreClosed(reason="r")
    async with serve(store=store) as site:
        statuses = {path: (await get(site.outside, path))[0] for path in ("/livez", "/readyz", "/healthz")}
        assert statuses == {"/livez": 200, "/readyz": 503, "/healthz": 503}


async def test_a_stalled_loop_is_not_alive(serve: Serve) -> None:
    async with serve(house=StillHouse(pulse(loop_lag_ms=6_000))) as site:
        assert (await get(site.outside, "/livez"))[0] == 503


async def test_metrics_are_text(serve: Serve) -> None:
    async with serve() as site, site.outside.get("/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert "kagami_bots_online" in await response.text()


async def test_an_operation_is_called(serve: Serve) -> None:
    async with serve() as site, site.inside.post("/api/v1/bots/list", json={}) as response:
        assert (response.status, (await response.json())[0]["name"]) == (200, "shiori")


async def test_an_operation_needs_no_body(serve: Serve) -> None:
    async with serve() as site, site.inside.post("/api/v1/bots/list") as response:
        assert response.status == 200


async def test_what_the_console_does_is_audited(serve: Serve) -> None:
    store = SmallStore()
    async with serve(store=store) as site, site.inside.post("/api/v1/system/stop", headers=CONFIRMED) as response:
        assert (response.status, store.audits) == (200, ["console system.stop begun", "console system.stop ok"])


async def test_another_type_of_body_is_refused(serve: Serve) -> None:
    async with serve() as site, site.inside.post("/api/v1/bots/list", data={"a": "b"}) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (415, "UnsupportedMediaType")


async def test_a_huge_body_is_refused(serve: Serve) -> None:
    huge = io.BytesIO(b" " * (1 << 21))
    async with serve() as site, site.inside.post("/api/v1/bots/list", data=huge) as response:
        assert response.status == 413


async def test_asking_changes_nothing(serve: Serve) -> None:
    house = StillHouse()
    async with serve(house=house) as site, site.inside.get("/api/v1/system/stop") as response:
        assert (response.status, house.stopped) == (405, "")


async def call(client: ClientSession, name: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.post(f"/api/v1/{name}", json={} if body is None else body, headers=shown) as response:
        return response.status, await response.json()


async def test_an_operation_is_called_with_a_token(serve: Serve) -> None:
    async with serve() as site:
        status, rows = await call(site.known, "bots/list")
        assert (status, rows[0]["name"]) == (200, "shiori")


@pytest.mark.parametrize("path", ["bots/list", "auth/none", "nothing"])
async def test_a_stranger_learns_nothing_on_the_port(serve: Serve, path: str) -> None:
    async with serve() as site:
        status, told = await call(site.outside, path)
        assert (status, told["error"]["code"]) == (401, "Unauthorized")


async def test_a_wrong_token_is_nobodys(serve: Serve) -> None:
    async with serve() as site:
        assert (await call(site.outside, "bots/list", Authorization="Bearer other"))[0] == 401


async def test_a_token_without_the_right_is_denied_and_not_asked_to_confirm(serve: Serve) -> None:
    house = StillHouse()
    async with serve(house=house) as site:
        status, told = await call(site.outside, "system/stop", Authorization="Bearer viewer")
        assert (status, told["error"]["code"], house.stopped) == (403, "Denied", "")


@pytest.mark.parametrize("door", ["inside", "known"])
async def test_what_asks_is_not_done_until_it_is_confirmed(serve: Serve, door: str) -> None:
    house = StillHouse()
    async with serve(house=house) as site:
        client: ClientSession = getattr(site, door)
        status, told = await call(client, "system/stop", {"reason": "r"})
        assert (status, told["error"]["code"], house.stopped) == (428, "ConfirmationNeeded", "")
        assert "Stop the engine" in told["error"]["message"]
        assert told["error"]["details"]["told"] == "reason: r"
        assert (await call(client, "system/stop", {"reason": "r"}, X_Confirm="yes"))[0] == 200
        assert house.stopped == "r"


async def test_an_engine_that_stops_is_alive_and_not_ready(serve: Serve) -> None:
    house = StillHouse()
    house.stop("asked")
    async with serve(house=house) as site:
        statuses = {path: (await get(site.outside, path))[0] for path in ("/livez", "/readyz", "/healthz")}
        assert statuses == {"/livez": 200, "/readyz": 503, "/healthz": 503}


async def test_what_is_well_is_told_to_who_comes_from_afar_in_one_word(serve: Serve) -> None:
    async with serve() as site, site.outside.get("/healthz", headers=FAR) as response:
        assert await response.json() == {"state": "ok"}
        async with site.known.get("/healthz", headers=FAR) as known:
            assert set(await known.json()) == {"state", "version", "components"}


async def metrics(client: ClientSession, **headers: str) -> int:
    async with client.get("/metrics", headers=headers) as response:
        return response.status


async def test_metrics_are_for_this_machine_and_for_who_may_read_them(serve: Serve) -> None:
    async with serve(people=OneKey(admin="*", bots="bots:read")) as site:
        assert await metrics(site.outside) == 200
        assert await metrics(site.outside, **FAR) == 401
        assert await metrics(site.known, **FAR) == 200
        assert await metrics(site.outside, Authorization="Bearer bots", **FAR) == 401


async def test_a_token_for_metrics_is_asked_of_everybody(serve: Serve) -> None:
    async with serve(WebConfig(port=0, metrics_token=Secret("scraper"))) as site:
        assert await metrics(site.outside) == 401
        assert await metrics(site.outside, Authorization="Bearer scrape") == 401
        assert await metrics(site.outside, Authorization="Bearer scraper", **FAR) == 200
        assert await metrics(site.known) == 200


async def test_the_interface_describes_itself(serve: Serve) -> None:
    async with serve() as site, site.known.get("/api/v1/openapi.json") as response:
        assert (await response.json())["openapi"] == "3.1.0"
        async with site.outside.get("/api/v1/openapi.json") as refused:
            assert refused.status == 401
