"""How an account is shown: its state as sign, word and colour, and its figures as a table's row."""

from __future__ import annotations

from collections.abc import Sequence

from kagami.i18n import mark
from kagami.model.ids import split_id
from kagami.ports import BotRow
from kagami.reasons.say import say
from kagami.tui import figures
from kagami.tui.kind_words import words_of
from kagami.tui.looks import Glyphs
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Span
from kagami.tui.widgets.table import Column, Row

_WORDS = {
    "connecting": mark("connecting"),
    "online": mark("online"),
    "silent": mark("silent"),
    "backoff": mark("reconnect {count}"),
    "auth_failed": mark("token refused"),
    "crash_loop": mark("keeps failing"),
    "stopped": mark("stopped"),
}
_ROLES = {"online": "good", "auth_failed": "bad", "crash_loop": "bad", "stopped": "dim"}
HEALTHY = ("online", "stopped")
# What a person can do about a state.
_STEPS = {
    "silent": mark("T tries it step by step, c connects it anew"),
    "backoff": mark("it tries again by itself; T tries it step by step"),
    "auth_failed": mark("e changes its token or keys, T tries them"),
    "crash_loop": mark("o shows its log lines, c connects it anew"),
    "stopped": mark("x connects it again"),
}

COLUMNS = (
    Column(mark("BOT"), 14, grow=True),
    Column(mark("PLATFORM"), 12),
    Column(mark("STATE"), 15),
    Column(mark("IN/s"), 5, "right"),
    Column(mark("OUT/s"), 5, "right"),
    Column(mark("p95"), 5, "right", drop=2),
    Column(mark("ERR%"), 4, "right", drop=3),
    Column(mark("FOR"), 6, "right", drop=1),
)


def sign(glyphs: Glyphs, state: str) -> str:
    """The glyph of a bot's state."""
    signs = {
        "online": glyphs.online,
        "stopped": glyphs.offline,
        "auth_failed": glyphs.failed,
        "crash_loop": glyphs.failed,
    }
    return signs.get(state, glyphs.troubled)


def state_span(shell: Shell, bot: BotRow) -> Span:
    """`◐ reconnect 3`."""
    health = bot.health
    logs_in = health.state == "auth_failed" and words_of(bot.adapter).login
    never = health.state == "backoff" and not health.reconnects
    text = mark("needs login") if logs_in else mark("not connected") if never else _WORDS[health.state]
    word = shell.t(text).format(count=health.reconnects)
    return Span(f"{sign(shell.looks.glyphs, health.state)} {word}", _ROLES.get(health.state, "warn"))


def next_step(bot: BotRow) -> str:
    """What a person can do about its state, as a marked text; empty when there is nothing to do."""
    if bot.health.state == "auth_failed" and words_of(bot.adapter).login:
        return mark("l logs in; e changes its address or token")
    return _STEPS.get(bot.health.state, "")


def platform(bot: BotRow) -> str:
    """`qq/napcat`; the adapter alone where it is named like the platform."""
    name, _ = split_id(bot.id)
    return name if name == bot.adapter else f"{name}/{bot.adapter}"


def errors_percent(bot: BotRow) -> float | None:
    """Sends that failed, of those that were tried; None when none was."""
    tried = bot.sent + bot.failed
    return 100 * bot.failed / tried if tried else None


def since(shell: Shell, bot: BotRow) -> str:
    """How long its state has been what it is."""
    since_ms = bot.health.since_ms
    return (
        figures.span((shell.clock.wall_ms() - since_ms) / 1000) if since_ms and bot.health.state != "stopped" else "-"
    )


def row(shell: Shell, bot: BotRow) -> Row:
    """A bot as a row under `COLUMNS`."""
    calm = "text" if bot.health.state == "online" else "dim"
    errors = errors_percent(bot)
    name = f"{bot.name} @{bot.node}" if bot.node else bot.name
    return Row(
        bot.id,
        (
            Span(name, "strong" if bot.health.state == "online" else "text"),
            Span(platform(bot), "dim"),
            state_span(shell, bot),
            Span(figures.rate(bot.in_per_s), calm),
            Span(figures.rate(bot.out_per_s), calm),
            Span(figures.ms(bot.p95_ms), calm),
            Span("-" if errors is None else f"{errors:.1f}", "warn" if errors and errors >= 1 else calm),
            Span(since(shell, bot), calm),
        ),
        (
            bot.name.casefold(),
            platform(bot),
            bot.health.state,
            bot.in_per_s,
            bot.out_per_s,
            bot.p95_ms,
            errors or 0.0,
            -bot.health.since_ms,
        ),
    )


def ordered(bots: Sequence[BotRow]) -> list[BotRow]:
    """Those that need a person first, then by name: an order that does not jump."""
    needy = ("auth_failed", "crash_loop", "backoff", "silent", "connecting", "online", "stopped")
    return sorted(bots, key=lambda bot: (needy.index(bot.health.state), bot.name.casefold(), bot.id))


def card(shell: Shell, bot: BotRow) -> list[tuple[str, Span]]:
    """What is known of one account, as pairs of a label and a span; labels are marked English."""
    health, looks = bot.health, shell.looks
    last = figures.clock(health.last_event_ms) if health.last_event_ms else "-"
    usual = f"{health.usual_gap_s:.0f} s" if health.usual_gap_s else "-"
    state = state_span(shell, bot)
    rates = f"{figures.rate(bot.in_per_s)}/s {looks.glyphs.to} {figures.rate(bot.out_per_s)}/s"
    step, why = next_step(bot), say(health.reason, shell.t)
    return [
        (mark("account"), Span(split_id(bot.id)[1])),
        (mark("platform"), Span(platform(bot))),
        *([(mark("process"), Span(bot.node))] if bot.node else []),
        (mark("state"), Span(f"{state.text}   {since(shell, bot)}", state.role)),
        (mark("why"), Span(why or "-", "text" if not why or health.state in HEALTHY else "warn")),
        *([(mark("next step"), Span(shell.t(step), "strong"))] if step else []),
        (mark("peer"), Span(health.peer or "-")),
        (mark("round trip"), Span(figures.ms(health.rtt_ms))),
        (mark("reconnects"), Span(str(health.reconnects))),
        (mark("last event"), Span(last)),
        (mark("usual gap"), Span(usual)),
        (mark("in, out"), Span(rates)),
        (mark("p95"), Span(figures.ms(bot.p95_ms))),
        (mark("received"), Span(figures.count(bot.received))),
        (mark("sent"), Span(figures.count(bot.sent))),
        (mark("failed"), Span(figures.count(bot.failed), "bad" if bot.failed else "text")),
    ]
