from __future__ import annotations

import pytest
from textual.containers import Vertical

from kagami.ports import BotRow
from kagami.tui.widgets.card import Card, Trouble
from tests.tui.engine import bot
from tests.tui.stand import Stand, standing

REASON = "Telegram refused the token (401 Unauthorized). Copy the token anew from BotFather"
REFUSED = bot("tg", "telegram:1", "telegram", "auth_failed", reason=REASON)


async def test_a_long_reason_goes_on_below_itself_with_the_next_step() -> None:
    async with standing(Card, (44, 20)) as (stand, _):
        assert isinstance(stand.widget, Card)
        stand.widget.bot = REFUSED
        stand.widget.repaint()
        rows = stand.text()
        start = next(place for place, row in enumerate(rows) if row.startswith(" why"))
        assert "".join(row[14:].strip() + " " for row in rows[start : start + 4]).startswith(REASON[:60])
        assert any(row.startswith(" next step    e changes its token") for row in rows)


@pytest.mark.parametrize(
    ("one", "rows"),
    [
        (REFUSED, 4),
        (bot("qq", "qq:1", "napcat", "online"), 0),
        (bot("qq", "qq:1", "napcat", "stopped", reason="paused"), 0),
        (bot("qq", "qq:1", "napcat", "connecting"), 0),
        (bot("qq", "qq:1", "napcat", "connecting", reason="the name is looked up"), 2),
        (bot("qq", "qq:1", "napcat", "backoff", reason="word " * 200), 6),
        (None, 0),
    ],
)
async def test_only_trouble_takes_room(one: BotRow | None, rows: int) -> None:
    note: list[Trouble] = []

    def make(stand: Stand) -> Vertical:
        note.append(Trouble(stand))
        return Vertical(*note)

    async with standing(make, (60, 12)) as (_, pilot):
        note[0].tell(one)
        await pilot.pause()
        assert note[0].size.height == rows
