"""How a plugin is shown: its state as sign, word and colour, and its figures as a table's row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kagami.i18n import Translate, mark
from kagami.ports import PluginRow, VersionRow
from kagami.tui import figures
from kagami.tui.loads import Loads
from kagami.tui.looks import Glyphs
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Span
from kagami.tui.widgets.table import Column, Row

BAR_CELLS = 8
MANY, TOO_MANY = 1.0, 2.0  # percent of errors
_WORDS = {
    "failed": mark("failed"),
    "recalled": mark("recalled"),
    "quarantined": mark("quarantine"),
    "parked": mark("parked"),
    "leaks": mark("leaks"),
    "conflict": mark("conflict"),
    "draining": mark("draining"),
    "canary": mark("canary"),
    "active": mark("serving"),
    "standby": mark("standby"),
    "disabled": mark("off"),
}
_ORDER = (*_WORDS, "built-in")
_BAD = ("failed", "recalled", "quarantined")
_WARN = ("parked", "leaks", "conflict", "draining")
NEEDS = (*_BAD, "parked", "leaks", "conflict")
SERVING = ("active", "canary")

COLUMNS = (
    Column(mark("PLUGIN"), 12, grow=True),
    Column(mark("STABLE"), 7),
    Column(mark("CANARY"), 7),
    Column(mark("WEIGHT"), 13, drop=1),
    Column(mark("CALL/s"), 6, "right", drop=2),
    Column(mark("ERR%"), 4, "right"),
    Column(mark("p95"), 5, "right", drop=3),
    Column(mark("STATE"), 12),
)


def title(plugin: PluginRow) -> str:
    """What people call it."""
    return plugin.name or plugin.id


def state_of(plugin: PluginRow) -> str:
    """The one word about a plugin: what the engine says, made worse by survivors and conflicts."""
    if plugin.state != "active":
        return plugin.state
    if any(each.survivors for each in plugin.versions):
        return "leaks"
    if plugin.problems:
        return "conflict"
    return "canary" if plugin.canary else "active"


def needs_you(plugin: PluginRow) -> bool:
    return state_of(plugin) in NEEDS


def state_span(glyphs: Glyphs, state: str, t: Translate) -> Span:
    """`◐ canary`; a word of another engine version is shown as it is."""
    if state in _BAD:
        sign, role = glyphs.failed, "bad"
    elif state in _WARN:
        sign, role = glyphs.attention, "warn"
    elif state == "canary":
        sign, role = glyphs.troubled, "accent"
    else:
        sign, role = (glyphs.online, "good") if state == "active" else (glyphs.offline, "dim")
    word = t(_WORDS[state]) if state in _WORDS else state
    return Span(f"{sign} {word}", role)


def ordered(plugins: Sequence[PluginRow]) -> list[PluginRow]:
    """Trouble first, then canaries, then by name; what is built in comes last."""
    return sorted(plugins, key=_rank)


def _rank(plugin: PluginRow) -> tuple[int, str]:
    state = state_of(plugin)
    if plugin.builtin and state not in NEEDS:
        state = "built-in"
    return _ORDER.index(state) if state in _ORDER else 0, title(plugin).casefold()


def summary(plugins: Sequence[PluginRow], t: Translate) -> str:
    """`1 failed · 2 canary`: what is not as usual, worst first."""
    counts = Counter(map(state_of, plugins))
    usual = ("active", "disabled", "standby")
    return " · ".join(
        f"{counts[state]} {t(word)}" for state, word in _WORDS.items() if counts[state] and state not in usual
    )


def errors_percent(events: int, errors: int) -> float | None:
    """Events whose handler failed, of all; None when there was none."""
    return 100 * errors / events if events else None


def percent(value: float | None) -> str:
    """`0.4`, `12`, `-` for none: at most four cells."""
    return "-" if value is None else f"{value:.1f}" if value < 99.95 else "100"  # noqa: PLR2004


def error_role(value: float | None) -> str:
    """Red from where a canary would be taken back."""
    for least, role in ((TOO_MANY, "bad"), (MANY, "warn"), (0.0, "text")):
        if value is not None and value > least:
            return role
    return "dim"


def weight_bar(plugin: PluginRow, glyphs: Glyphs) -> str:
    """The stable share full, the canary's empty, and its percent: `▓▓▓▓▓▓░░ 25%`."""
    if not serves(plugin):
        return "-"
    if not plugin.canary:
        return glyphs.full * BAR_CELLS
    cells = round(plugin.weight * BAR_CELLS / 100)
    cells = min(BAR_CELLS - 1, max(1, cells)) if 0 < plugin.weight < 100 else cells  # noqa: PLR2004
    return f"{glyphs.full * (BAR_CELLS - cells)}{glyphs.empty * cells} {plugin.weight}%"


def row(shell: Shell, plugin: PluginRow, loads: Loads) -> Row:
    """A plugin as a row under `COLUMNS`."""
    state = state_of(plugin)
    bad = errors_percent(plugin.handled, plugin.failed)
    per_s = loads.per_s(plugin.id)
    calm = "dim" if plugin.state == "disabled" else "text"
    spans = (
        Span(title(plugin), "strong" if calm == "text" else calm),
        Span(plugin.version or "-", calm),
        Span(plugin.canary or "-", "accent" if plugin.canary else "dim"),
        Span(weight_bar(plugin, shell.looks.glyphs), "accent" if plugin.canary else "dim"),
        Span("-" if per_s is None else figures.rate(per_s), calm),
        Span(percent(bad), error_role(bad)),
        Span(figures.ms(plugin.p95_ms), calm),
        state_span(shell.looks.glyphs, state, shell.t),
    )
    order = (
        title(plugin).casefold(),
        plugin.version,
        plugin.canary,
        plugin.weight,
        per_s or 0.0,
        bad or 0.0,
        plugin.p95_ms,
        -_rank(plugin)[0],
    )
    return Row(plugin.id, spans, order)


def version_of(plugin: PluginRow, version: str) -> VersionRow | None:
    return next((each for each in plugin.versions if each.version == version), None)


def candidate(plugin: PluginRow) -> str:
    """The version whose weight can be set: the canary, or the highest that stands by; empty when there is none."""
    waiting = (each.version for each in plugin.versions if each.state == "standby" and each.version != plugin.version)
    return plugin.canary or next(waiting, "")


def serves(plugin: PluginRow) -> bool:
    """Whether any version of it gets events, whatever is wrong with the others."""
    return plugin.state != "disabled" and any(each.state in SERVING for each in plugin.versions)


def share(plugin: PluginRow, version: VersionRow) -> int:
    """Percent of the chats that get a version."""
    if plugin.state == "disabled" or version.state not in SERVING:
        return 0
    if version.version == plugin.canary:
        return plugin.weight
    return 100 - plugin.weight if plugin.canary else 100
