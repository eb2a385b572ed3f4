"""One plugin in full: how its versions do beside one another, what is wrong with it, and what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kagami.core.canary import LEAST_EVENTS
from kagami.i18n import mark
from kagami.ports import PluginRow, VersionRow
from kagami.reasons.say import say
from kagami.tui import figures
from kagami.tui.format import fit, fold, pad, visible, wrap
from kagami.tui.loads import Loads
from kagami.tui.plugin_rows import SERVING, error_role, errors_percent, percent, share, state_of, state_span
from kagami.tui.shell import Shell
from kagami.tui.widgets.bars import cells
from kagami.tui.widgets.chart import chart, spark
from kagami.tui.widgets.page import fact, paragraph
from kagami.tui.widgets.painted import Line, Span

WITH_SPARK = 70  # cells of the page from which a version's row has room for its past
COLUMN = 14
LABEL = 12
CHART_ROWS = 3

_RETRY = (("r", mark("try again"), "plugin.reload"), ("v", mark("versions"), "plugin.versions"))
_RELEASE = ("R", mark("let it serve"), "plugin.release")
_INVITE = (
    (mark("Your first plugin"), "strong"),
    (
        mark(
            "A plugin is a small Python file that answers messages. It can be changed, replaced and taken back while "
            "everything runs, and a new version can be tried on some chats first."
        ),
        "text",
    ),
    (mark("kagami plugin new hello   makes one in the current folder; --dir names another"), "key"),
    (mark("i   installs one from a folder, a file or an address"), "key"),
    (mark("Its state, its figures and its settings appear here by themselves."), "dim"),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What the page is about. `invited`: there are only built-in plugins, so it says how to get another."""

    shell: Shell
    plugin: PluginRow
    loads: Loads
    invited: bool = False
    tall: bool = False  # room for a comparison in columns, with charts


def page(subject: Subject, width: int) -> list[Line]:
    """The whole page: figures, trouble, tracebacks, versions, facts."""
    rows: list[Line] = invitation(subject.shell, width) if subject.invited else []
    figures_of = compared(subject, width) if subject.tall else compact(subject, width)
    wrong = trouble(subject, width) + taken_back(subject, width)
    # A few rows of figures leave room below them; many would push out of sight what is wrong.
    first, second = (wrong, figures_of) if subject.tall else (figures_of, wrong)
    for part in (first, second, tracebacks(subject, width), versions(subject, width), facts(subject, width)):
        if rows and part:
            rows.append(())
        rows += part
    return rows


def invitation(shell: Shell, width: int) -> list[Line]:
    """What a plugin is and how one comes here."""
    rows: list[Line] = []
    for text, role in _INVITE:
        rows += paragraph(shell.t(text), min(width, 76), shell.looks, role)
    return rows


def guard_text(shell: Shell) -> str:
    """When a canary is taken back, as its own decision has it (`kagami.core.canary`)."""
    told = mark("guard: 0% if ERR > 2% and > 3× stable, in {count} events")
    return shell.t(told).format(count=LEAST_EVENTS)


def serving(plugin: PluginRow) -> list[VersionRow]:
    """The versions that have traffic: stable, canary, and what still drains."""
    order = {"active": 0, "canary": 1, "draining": 2}
    found = [each for each in plugin.versions if each.state in order]
    return sorted(found, key=lambda each: order[each.state])


# --- figures ---------------------------------------------------------------------------------------------------------


def compact(subject: Subject, width: int) -> list[Line]:
    """A row for each version with traffic."""
    return [_version_line(subject, each, width) for each in serving(subject.plugin)]


def _version_line(subject: Subject, version: VersionRow, width: int) -> Line:
    shell, looks, name = subject.shell, subject.shell.looks, subject.plugin.id
    bad = errors_percent(version.events, version.errors)
    per_s = subject.loads.per_s(name, version.version)
    word = state_span(looks.glyphs, version.state, shell.t)
    line = [
        Span(" " + pad(word.text, 10, tier=looks.text), word.role),
        Span(" " + pad(version.version, 9, tier=looks.text), "strong"),
        Span(f" {share(subject.plugin, version):>3}%"),
    ]
    figures_of = (
        Span(f"  ERR {_percent(bad):>5}", error_role(bad) if bad else "text"),
        Span(f"  {'-' if per_s is None else figures.rate(per_s):>5}/s"),
        Span(f"  p95 {figures.ms(version.p95_ms):>5}"),
    )
    tail: list[Span] = []
    for span in figures_of:
        if cells([*line, *tail, span]) <= width:
            tail.append(span)
    room = max(1, width - 29 - cells(tail))
    if width >= WITH_SPARK:
        braille = looks.glyphs.braille
        past = subject.loads.rates(name, version.version, room * (2 if braille else 1))
        line.append(Span("  " + spark(past, room, braille=braille), "accent"))
    return [*line, *tail]


def compared(subject: Subject, width: int) -> list[Line]:
    """Stable and canary in columns, with their past."""
    shell, plugin = subject.shell, subject.plugin
    rows = [each for each in serving(plugin) if each.state in SERVING]
    if not rows:
        return []
    columns = [_column(subject, each) for each in rows]
    labels = ("", "", mark("share"), mark("events"), mark("per second"), mark("errors"), "p95", mark("unfinished"))
    own = min(24, (width - LABEL - 2) // len(rows))
    built: list[Line] = []
    for place, label in enumerate(labels):
        head = Span(" " + pad(shell.t(label) if label else "", LABEL, tier=shell.looks.text), "dim")
        values = [column[place] for column in columns]
        built.append([head, *(Span(pad(each.text, own, "right", shell.looks.text), each.role) for each in values)])
    guard = paragraph(guard_text(shell), width, shell.looks, "dim") if plugin.canary else []
    return [*built, (), *_charts(subject, rows, width), *guard]


def _column(subject: Subject, version: VersionRow) -> list[Span]:
    """The figures of one version, from its state down."""
    bad = errors_percent(version.events, version.errors)
    per_s = subject.loads.per_s(subject.plugin.id, version.version)
    return [
        state_span(subject.shell.looks.glyphs, version.state, subject.shell.t),
        Span(version.version, "strong"),
        Span(f"{share(subject.plugin, version)}%"),
        Span(figures.count(version.events)),
        Span("-" if per_s is None else figures.rate(per_s)),
        Span(f"{version.errors}  {_percent(bad)}", error_role(bad) if bad else "text"),
        Span(figures.ms(version.p95_ms)),
        Span(str(version.open)),
    ]


def _charts(subject: Subject, rows: Sequence[VersionRow], width: int) -> list[Line]:
    """Events a second, and the p95, of the last minutes; both columns to one scale."""
    name, loads = subject.plugin.id, subject.loads
    own = (width - 2 - 2 * (len(rows) - 1)) // len(rows)
    samples = own * (2 if subject.shell.looks.glyphs.braille else 1)
    rates = [loads.rates(name, each.version, samples) for each in rows]
    delays = [loads.delays(name, each.version, samples) for each in rows]
    first = _chart(subject.shell, mark("events a second, last 5 min"), rates, own)
    return [*first, *_chart(subject.shell, mark("p95, last 5 min"), delays, own)]


def _chart(shell: Shell, title: str, past: Sequence[Sequence[float]], own: int) -> list[Line]:
    top = max((value for values in past for value in values), default=0.0) or 1.0
    parts = [chart(values, own, CHART_ROWS, braille=shell.looks.glyphs.braille, top=top) for values in past]
    drawn = [[Span(" " + "  ".join(part[y] for part in parts), "accent")] for y in range(CHART_ROWS)]
    return [*drawn, [Span(" " + fit(shell.t(title), own * len(past)), "dim")]]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{percent(value)}%"


# --- trouble ---------------------------------------------------------------------------------------------------------


def last_line(text: str) -> str:
    """What a traceback says in one line: where its frames end, the class and the first line of the message."""
    lines = [line for line in text.splitlines() if line.strip()]
    frames = [place for place, line in enumerate(lines) if line.startswith(" ")]
    said = lines[frames[-1] + 1 :] if frames else lines[-1:]
    return (said or lines or [""])[0].strip()


def trouble(subject: Subject, width: int) -> list[Line]:
    """What is wrong, why, and the key that mends it; whole tracebacks behind it."""
    shell, plugin = subject.shell, subject.plugin
    rows: list[Line] = []
    for problem in plugin.problems:
        rows += _told(shell, say(problem, shell.t), width, "warn")
    for version, text in _errors(plugin).items():
        rows += _told(shell, f"{version}: {say(last_line(text), shell.t)}".strip(": "), width, "bad")
    for each in plugin.versions:
        if each.survivors:
            rows += _survivors(shell, each, width)
    if not rows:
        return []
    keys = (_RELEASE, *_RETRY) if state_of(plugin) in ("quarantined", "parked") else _RETRY
    line: list[Span] = []
    for key, text, action in keys:
        more = _key(shell, key, text, action)
        line += more if cells([*line, *more]) <= width else ()
    rows.append(line)
    return rows


def taken_back(subject: Subject, width: int) -> list[Line]:
    """Why versions that were tried are tried no more: nothing that a key mends."""
    shell, rows = subject.shell, list[Line]()
    for each in subject.plugin.versions:
        if each.taken_back:
            told = shell.t(mark("{version} is a canary no more: {reason}"))
            reason = say(last_line(each.taken_back), shell.t)
            rows += _told(shell, told.format(version=each.version, reason=reason), width, "warn")
    return rows


def tracebacks(subject: Subject, width: int) -> list[Line]:
    """Errors that are more than one line, whole."""
    shell, rows = subject.shell, list[Line]()
    for version, text in _errors(subject.plugin).items():
        if "\n" in text.strip():
            rows += [[Span(f" {shell.t(mark('Traceback'))} {fit(version, 20)}", "title")]]
            rows += [[Span(" " + line, "dim")] for line in wrap(text.strip("\n"), width - 2, shell.looks.text)]
    return rows


def _errors(plugin: PluginRow) -> dict[str, str]:
    """Error by version; the plugin's own only where no version says it."""
    errors = {each.version: each.error for each in plugin.versions if each.error}
    if plugin.error and plugin.error not in errors.values():
        errors = {plugin.version: plugin.error, **{v: e for v, e in errors.items() if v != plugin.version}}
    return errors


def _told(shell: Shell, text: str, width: int, role: str) -> list[Line]:
    sign = shell.looks.glyphs.failed if role == "bad" else shell.looks.glyphs.attention
    pieces = fold(visible(text, shell.looks.text), width - 4)
    return [[Span(f" {sign if place == 0 else ' '} {piece}", role)] for place, piece in enumerate(pieces)]


def _survivors(shell: Shell, version: VersionRow, width: int) -> list[Line]:
    told = shell.t(mark("{version} left {count} behind when it was unloaded:"))
    rows = _told(shell, told.format(version=visible(version.version), count=len(version.survivors)), width, "warn")
    for each in version.survivors:
        rows += paragraph(each, width, shell.looks, "text", indent=3)
    return rows


def _key(shell: Shell, key: str, text: str, action: str) -> list[Span]:
    click = f"app.place('{action}')"
    return [Span(f"   {key} ", "key", click), Span(shell.t(text), "text", click)]


# --- versions and facts ----------------------------------------------------------------------------------------------


def versions(subject: Subject, width: int) -> list[Line]:
    """Every version that is known, the highest first."""
    shell, plugin = subject.shell, subject.plugin
    if plugin.builtin or not plugin.versions:
        return []
    key = [Span("  v ", "key", "app.place('plugin.versions')"), Span(shell.t(mark("use, pin, remove")), "dim")]
    head = [Span(f" {shell.t(mark('Versions'))}", "title"), *key]
    return [head, *(version_line(shell, each, width) for each in plugin.versions)]


def version_line(shell: Shell, version: VersionRow, width: int) -> Line:
    """`● 1.3.2  serving   6d  42 100 events  ann`: as much of it as there is room for."""
    looks, t = shell.looks, shell.t
    word = state_span(looks.glyphs, version.state, t)
    age = figures.age((shell.clock.wall_ms() - version.since_ms) / 1000) if version.since_ms else "-"
    parts = [
        Span(" " + pad(version.version, 10, tier=looks.text), "strong"),
        Span(" " + pad(word.text, 12, tier=looks.text), word.role),
        Span(f" {age:>4}", "dim"),
    ]
    used = 29
    counted = t(mark("{count} events")).format(count=figures.count(version.events))
    held = t(mark("{count} open")).format(count=version.open) if version.open else ""
    for text, room in ((version.signer, 12), (held, 9), (counted, 16), (version.digest[:12], 13)):
        if used + room + 1 <= width and text:
            parts.append(Span(" " + pad(text, room, tier=looks.text), "dim"))
            used += room + 1
    return parts


def facts(subject: Subject, width: int) -> list[Line]:
    """What it is and what it may do."""
    shell, plugin, t = subject.shell, subject.plugin, subject.shell.t
    told = [
        (mark("plugin"), plugin.id),
        (mark("about"), t(plugin.description)),
        (mark("author"), plugin.author),
        (mark("runs in"), t(mark("this process")) if plugin.runtime == "python" else t(mark("a process of its own"))),
        (mark("commands"), "  ".join(plugin.commands)),
        (mark("may"), "  ".join(plugin.permissions)),
        (mark("pinned"), t(mark("yes: updates stay away")) if plugin.pinned else ""),
        (mark("off in"), t(mark("{count} chats")).format(count=plugin.off_in) if plugin.off_in else ""),
    ]
    rows: list[Line] = [[Span(f" {t(mark('About'))}", "title")]]
    for name, value in told:
        if value:
            rows += fact(t(name), value, width, shell.looks)
    return rows
