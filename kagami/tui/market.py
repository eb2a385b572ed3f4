"""Updates from the market: shown first, asked for with numbers, then done."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import App

from kagami.i18n import mark
from kagami.operations.plugins import Sync
from kagami.ports import SyncRow
from kagami.tui.dialogs.market import MarketList, wanted
from kagami.tui.shell import Leave, Question, Shell


async def sync(shell: Shell, app: App[Leave]) -> None:
    """Ask the market and do what the operator wants of it; what it refuses is the engine's `KagamiError`."""
    t = shell.t
    shell.say(t(mark("Asking the market")))
    rows: list[SyncRow] = await shell.control.call(Sync(dry_run=True))
    if not rows:
        shell.say(t(mark("Nothing here comes from the market")), t(mark("i installs a plugin by its name")))
        return
    if not await app.push_screen_wait(MarketList(shell, rows)):
        return
    if await shell.ask(_question(shell, wanted(rows))):
        await _tell(shell, app, await shell.control.call(Sync()))


def _question(shell: Shell, rows: Sequence[SyncRow]) -> Question:
    t, to = shell.t, shell.looks.glyphs.to
    updates = [f"{row.id} {row.old} {to} {row.new}" for row in rows if row.act == "update"]
    recalls = [f"{row.id} {row.old} {to} {row.new or t(mark('nothing'))}" for row in rows if row.act == "recall"]
    more = [f"{row.id}: {'  '.join(row.permissions)}" for row in rows if row.permissions]
    facts = (
        (t(mark("Updates")), ", ".join(updates)),
        (t(mark("Recalled")), ", ".join(recalls)),
        (t(mark("May do more")), "; ".join(more)),
        (t(mark("In flight")), t(mark("what is open finishes on the old versions"))),
        (t(mark("Undo")), t(mark("of an update: b rolls it back; of a recall: no"))),
    )
    head = t(mark("Change plugins: {count}?")).format(count=len(rows))
    return Question(head, tuple(fact for fact in facts if fact[1]), t(mark("Keep as it is")), t(mark("Do it")))


async def _tell(shell: Shell, app: App[Leave], rows: Sequence[SyncRow]) -> None:
    """A word when all went well; else the rows again, with what went wrong."""
    t = shell.t
    if any(row.error for row in rows):
        await app.push_screen_wait(MarketList(shell, rows))
        return
    done = wanted(rows)
    shell.say(t(mark("Plugins changed: {count}")).format(count=len(done)), ", ".join(row.id for row in done))
