from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from kagami.errors import Denied, NotFound, StoreClosed
from kagami.model.principal import CONSOLE, Principal
from kagami.operations import registry
from kagami.operations.system import (
    Connect,
    ListAlerts,
    Mute,
    Notices,
    Pulses,
    Status,
    StatusNow,
    Stop,
    TestAlerts,
    alert_test,
    alerts,
    local_midnight_ms,
    mute,
)
from kagami.ports import AlertRow, Connection, Notice, Parts, Pulse

MakeParts = Callable[..., Parts]
PULSE = Pulse(at_ms=2, started_ms=1, version="0.1")
NOTICE = Notice(1, "warning", "disk", "The disk is nearly full.")
CONNECTION = Connection("ws://127.0.0.1:3001/onebot/v11/ws", "secret")
HOUR_MS = 3_600_000


class Running:
    def __init__(self) -> None:
        self.stopped: list[str] = []

    def pulse(self) -> Pulse:
        return PULSE

    def pulses(self, seconds: int) -> list[Pulse]:
        return [PULSE] * seconds

    def notices(self) -> list[Notice]:
        return [NOTICE]

    def stop(self, reason: str) -> None:
        self.stopped.append(reason)


class Archive:
    async def counts(self, since_ms: int) -> dict[str, int]:
        return {"since_ms": since_ms}

    async def size(self) -> int:
        return 4096


@pytest.fixture(params=["CST-8"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize(
    ("now_ms", "midnight_ms"),
    [
        (1_764_000_000_000, 1_764_000_000_000),  # 2025-11-25 00:00 there, 16:00 of the day before in Greenwich
        (1_763_999_999_999, 1_764_000_000_000 - 24 * HOUR_MS),
        (1_764_000_000_000 + 23 * HOUR_MS, 1_764_000_000_000),
    ],
)
def test_midnight_is_local(now_ms: int, midnight_ms: int) -> None:
    assert local_midnight_ms(now_ms) == midnight_ms


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("zone", ["CET-1CEST,M3.5.0,M10.5.0/3"], indirect=True)
def test_midnight_of_the_day_on_which_summer_time_ends_was_in_summer_time() -> None:
    noon_ms = 1_761_476_400_000  # 2025-10-26 12:00 in Berlin, 11:00 in Greenwich
    assert noon_ms - local_midnight_ms(noon_ms) == 13 * HOUR_MS


async def test_status_is_pulse_today_and_store(make_parts: MakeParts) -> None:
    parts = make_parts(store=Archive(), house=Running())
    today = {"since_ms": local_midnight_ms(1_764_000_000_000)}
    assert await registry().call(parts, CONSOLE, Status()) == StatusNow(PULSE, today, 4096)


async def test_status_needs_no_database(make_parts: MakeParts) -> None:
    class Away(Archive):
        async def counts(self, since_ms: int) -> dict[str, int]:
            raise StoreClosed(reason="away")

    parts = make_parts(store=Away(), house=Running())
    assert await registry().call(parts, CONSOLE, Status()) == StatusNow(PULSE, {}, 0)


@pytest.mark.parametrize(("seconds", "shown"), [(0, 1), (-5, 1), (300, 300), (10**6, 3_600)])
async def test_pulses_have_bounds(make_parts: MakeParts, seconds: int, shown: int) -> None:
    answer = await registry().call(make_parts(house=Running()), CONSOLE, Pulses(seconds=seconds))
    assert len(answer) == shown


async def test_notices_are_listed(make_parts: MakeParts) -> None:
    assert await registry().call(make_parts(house=Running()), CONSOLE, Notices()) == [NOTICE]


async def test_the_connection_is_given_to_the_console(make_parts: MakeParts) -> None:
    assert await registry().call(make_parts(connection=lambda: CONNECTION), CONSOLE, Connect()) == CONNECTION


async def test_the_token_is_no_reading_matter(make_parts: MakeParts) -> None:
    reader = Principal("chat", "qq:1", frozenset({"system:read"}))
    with pytest.raises(Denied):
        await registry().call(make_parts(connection=lambda: CONNECTION), reader, Connect())


async def test_a_stop_says_why(make_parts: MakeParts) -> None:
    house = Running()
    await registry().call(make_parts(house=house), CONSOLE, Stop(reason="update"))
    assert house.stopped == ["update"]


class Sentries:
    """Alerts of one engine that remembers what was muted."""

    def __init__(self) -> None:
        self.muted: list[tuple[str, float]] = []

    def rows(self) -> list[AlertRow]:
        return [AlertRow("disk", "disk_full", "error", "full")]

    def mute(self, key: str, seconds: float) -> None:
        self.muted.append((key, seconds))

    async def test(self) -> list[str]:
        return ["webhook: sent"]


async def test_alerts_are_listed(make_parts: MakeParts) -> None:
    assert await alerts.function(make_parts(alerts=Sentries()), ListAlerts()) == Sentries().rows()


async def test_an_alert_is_muted_for_minutes(make_parts: MakeParts) -> None:
    sentries = Sentries()
    await mute.function(make_parts(alerts=sentries), Mute(alert="disk", minutes=2))
    assert sentries.muted == [("disk", 120.0)]


async def test_an_unknown_alert_is_not_found(make_parts: MakeParts) -> None:
    with pytest.raises(NotFound):
        await mute.function(make_parts(alerts=Sentries()), Mute(alert="moon"))


async def test_a_test_says_how_each_way_went(make_parts: MakeParts) -> None:
    assert await alert_test.function(make_parts(alerts=Sentries()), TestAlerts()) == ["webhook: sent"]
