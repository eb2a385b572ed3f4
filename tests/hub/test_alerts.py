from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from kagami.core.alerts import LASTING, Reading
from kagami.hub.alarm import Alarm
from kagami.hub.alerts import ENDS, KEPT, PERIOD_S, Alerts
from kagami.hub.board import Board
from kagami.hub.config import AlertsConfig
from kagami.hub.registry import BotRegistry
from kagami.meters import Meters
from kagami.model.ids import BotId, ExecutionId
from kagami.net.supervise import Nursery
from kagami.ports import BotHealth, BotRow, BotState
from tests.hub.doubles import Letters, StillClock


class Rows:
    """Accounts of one engine, as a test sets them."""

    def __init__(self) -> None:
        self.states: dict[str, BotState] = {"qq:1": "online"}
        self.node = ""

    def rows(self) -> list[BotRow]:
        return [
            BotRow(BotId(bot), "", "onebot11", BotHealth(state, "why"), node=self.node)
            for bot, state in self.states.items()
        ]

    def get(self, bot: BotId) -> None:
        raise NotImplementedError


class Room:
    """Alerts over things that a test sets."""

    def __init__(self, home: Path, **given: float | tuple[str, ...]) -> None:
        self.clock, self.accounts, self.oldest_s = StillClock(), Rows(), 0.0
        bots = BotRegistry()
        self.meters = Meters()
        self.board = Board(self.clock, self.meters, bots, load=lambda: (0.0, 0, 0), log_seq=lambda: 0)
        self.board.oldest_s = lambda: self.oldest_s
        alarm = Alarm(
            self.board,
            bots,
            Letters(),
            Nursery(),
            admins=(),
            translate=str,
            new_execution=lambda: ExecutionId("e"),
        )
        config = AlertsConfig(**{"disk_mb": 0.0} | given)  # type: ignore[arg-type]
        self.alerts = Alerts(config, alarm, self.accounts, self.board.pulse, self.clock, self.meters, home=home)

    async def begun(self) -> None:
        """As it begins in an engine."""
        task = asyncio.create_task(self.alerts.run())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    def pass_s(self, seconds: float) -> list[str]:
        """Let time pass; the kinds that were told meanwhile."""
        before = len(self.board.notices())
        for _ in range(int(seconds / PERIOD_S)):
            self.clock.now += PERIOD_S
            self.board.tick()
            self.alerts.look()
        return [notice.kind for notice in self.board.notices()[before:]]


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Room]:
    return lambda **given: Room(tmp_path, **given)


def test_a_house_in_order_says_nothing(make: Callable[..., Room]) -> None:
    assert make().pass_s(300) == []


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("backoff", "bot_offline"),
        ("silent", "bot_silent"),
        ("auth_failed", "bot_refused"),
        ("crash_loop", "bot_crash_loop"),
    ],
)
def test_a_bot_that_is_not_well_is_told_once_and_its_recovery_too(
    make: Callable[..., Room], state: BotState, kind: str
) -> None:
    room = make()
    room.pass_s(10)
    room.accounts.states["qq:1"] = state
    assert room.pass_s(300) == [kind]
    room.accounts.states["qq:1"] = "online"
    assert room.pass_s(300) == [f"{kind}_over"]


def test_an_end_says_for_how_long_it_was_and_no_reason_of_before(make: Callable[..., Room]) -> None:
    room = make()
    room.pass_s(10)
    room.accounts.states["qq:1"] = "backoff"
    room.pass_s(300)
    room.accounts.states["qq:1"] = "online"
    room.pass_s(60)
    told = room.board.notices()[-1]
    assert told.text.format_map(told.fields) == "Over: the bot qq:1 was not connected, for 5 min."


@pytest.mark.parametrize(("state", "later"), [("online", ["bot_offline_over"]), ("backoff", [])])
async def test_what_was_told_before_a_death_is_over_or_lasts_after_it(
    make: Callable[..., Room], state: BotState, later: list[str]
) -> None:
    first = make()
    first.pass_s(10)
    first.accounts.states["qq:1"] = "backoff"
    assert first.pass_s(300) == ["bot_offline"]
    second = make()
    second.accounts.states["qq:1"] = state
    await second.begun()
    assert second.pass_s(300) == later
    assert [each.key for each in second.alerts.rows()] == ([] if later else ["bot qq:1"])


async def test_who_connects_by_itself_and_is_not_there_yet_is_still_away(make: Callable[..., Room]) -> None:
    first = make()
    first.pass_s(10)
    first.accounts.states["qq:1"] = "backoff"
    first.pass_s(300)
    second = make()
    del second.accounts.states["qq:1"]
    await second.begun()
    assert second.pass_s(300) == []
    second.accounts.states["qq:1"] = "online"
    assert second.pass_s(300) == ["bot_offline_over"]


@pytest.mark.parametrize(
    "kept", [b"", b"{", b'[{"key": "x"}]', b'[{"key":"x","kind":"odd","level":"error","text":"y"}]']
)
async def test_what_was_kept_and_cannot_be_read_is_nothing(
    make: Callable[..., Room], tmp_path: Path, kept: bytes
) -> None:
    (tmp_path / KEPT).write_bytes(kept)
    room = make()
    await room.begun()
    assert room.pass_s(300) == []


def test_every_state_that_lasts_has_words_for_its_end() -> None:
    assert set(ENDS) == LASTING


def test_a_bot_that_is_back_soon_is_not_told(make: Callable[..., Room]) -> None:
    room = make()
    room.pass_s(10)
    room.accounts.states["qq:1"] = "backoff"
    assert room.pass_s(50) == []


def test_a_bot_that_is_not_even_known_any_more_is_offline(make: Callable[..., Room]) -> None:
    room = make()
    room.pass_s(10)
    room.accounts.states.clear()
    assert room.pass_s(300) == ["bot_offline"]


def test_a_bot_that_an_operator_took_away_is_not_missed(make: Callable[..., Room]) -> None:
    room = make()
    room.pass_s(10)
    room.accounts.states.clear()
    room.alerts.forget("qq:1")
    assert room.pass_s(300) == []


def test_messages_that_wait_too_long_are_told(make: Callable[..., Room]) -> None:
    room = make()
    room.oldest_s = 31.0
    assert room.pass_s(60) == ["queue_age"]


def test_what_is_free_is_measured(make: Callable[..., Room]) -> None:
    room = make()
    room.pass_s(5)
    assert room.meters.gauge["disk_free_bytes"] > 0


def test_a_disk_that_fills_is_told(make: Callable[..., Room]) -> None:
    assert make(disk_mb=1e12).pass_s(10) == ["disk_full"]


def test_a_quiet_kind_is_not_told(make: Callable[..., Room]) -> None:
    assert make(disk_mb=1e12, quiet=("disk_full",)).pass_s(10) == []


def test_what_lasts_is_listed_with_its_beginning(make: Callable[..., Room]) -> None:
    room = make()
    room.pass_s(10)
    began = room.clock.wall_ms() + int(PERIOD_S * 1000)
    room.accounts.states["qq:1"] = "silent"
    room.pass_s(60)
    (row,) = room.alerts.rows()
    assert (row.key, row.kind, row.since_ms, row.fields) == (
        "bot qq:1",
        "bot_silent",
        began,
        {"bot": "qq:1", "reason": "why"},
    )


def test_a_muted_alert_is_listed_and_not_told(make: Callable[..., Room]) -> None:
    room = make()
    room.pass_s(10)
    room.accounts.states["qq:1"] = "silent"
    room.pass_s(10)
    room.alerts.mute("bot qq:1", 600)
    room.accounts.states["qq:1"] = "online"
    assert room.pass_s(60) == []


def test_other_settings_hold_at_once(make: Callable[..., Room]) -> None:
    room = make()
    room.alerts.configure(AlertsConfig(disk_mb=1e12))
    assert room.pass_s(10) == ["disk_full"]


def test_what_another_part_says_of_itself_is_told_too(make: Callable[..., Room]) -> None:
    room, wrong = make(), {"it": Reading("redis_away", 10, "{redis} is away", {"redis": "Redis"}, "warning")}
    room.alerts.watch(lambda: wrong)
    assert room.pass_s(20) == ["redis_away"]
    wrong.clear()
    assert room.pass_s(60) == ["redis_away_over"]


def test_a_bot_of_another_process_is_that_ones_to_tell_of(make: Callable[..., Room]) -> None:
    room = make()
    room.accounts.node, room.accounts.states["qq:1"] = "gateway-2", "auth_failed"
    assert room.pass_s(120) == []


def test_a_bot_that_moved_to_another_process_is_not_missed(make: Callable[..., Room]) -> None:
    room = make()
    room.pass_s(10)
    room.accounts.node = "gateway-2"
    assert room.pass_s(120) == []


def test_a_store_that_is_away_is_told_of_at_once_and_when_it_is_back(make: Callable[..., Room]) -> None:
    room = make()
    room.meters.gauge |= {"ledger_healthy": 0.0, "spool_events": 12}
    assert room.pass_s(PERIOD_S) == ["store_away"]
    assert room.board.notices()[-1].fields == {"messages": "12"}
    room.meters.gauge["ledger_healthy"] = 1.0
    assert room.pass_s(60) == ["store_away_over"]
