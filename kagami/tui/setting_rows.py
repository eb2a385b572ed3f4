"""Settings as rows and words: what a value looks like, where it comes from, and what changing it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from kagami.core.secrets import HIDDEN
from kagami.errors import UsageError
from kagami.i18n import Translate, mark
from kagami.ports import ChangeRow, Effect, Field, SettingRow
from kagami.sources import FROM_ENVIRONMENT
from kagami.tui import fields, figures
from kagami.tui.draft import Draft
from kagami.tui.format import fold, visible
from kagami.tui.looks import Looks
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.table import Column, Row

GROUPS: Mapping[str, str] = {
    "general": mark("General"),
    "gateway": mark("Gateway"),
    "web": mark("Web"),
    "store": mark("Storage"),
    "redis": mark("Redis"),
    "cluster": mark("Cluster"),
    "hub": mark("Delivery"),
    "onebot11": mark("OneBot 11"),
    "limits": mark("Floods"),
    "pace": mark("Pace"),
    "alerts": mark("Alerts"),
    "privacy": mark("Privacy"),
    "backup": mark("Backups"),
    "plugins": mark("Plugins"),
    "log": mark("Logs"),
    "bots": mark("Bots"),
    "workers": mark("Workers"),
}
DOTS = HIDDEN * 2
COLUMNS = (
    Column(mark("setting"), 18, grow=True),
    Column(mark("value"), 11, grow=True),
    Column("", 1),
    Column(mark("from"), 14, grow=True, drop=1),
)
_EFFECTS: Mapping[Effect, tuple[str, str, str]] = {
    "live": (mark("live"), "good", mark("at once")),
    "reopen": (mark("reopen"), "accent", mark("at once; what it concerns is opened anew")),
    "restart": (mark("restart"), "warn", mark("when the engine starts the next time")),
}
_SIGNS: Mapping[str, Mapping[Effect, str]] = {
    "full": {"live": "●", "reopen": "↻", "restart": "⟳"},
    "safe": {"live": "*", "reopen": "~", "restart": "!"},
    "ascii": {"live": "*", "reopen": "~", "restart": "!"},
}
_RESULTS = {
    "applied": (mark("applied"), "good"),
    "reopened": (mark("reopened"), "good"),
    "restart needed": (mark("restart needed"), "warn"),
}


def group_title(group: str, t: Translate) -> str:
    return t(GROUPS[group]) if group in GROUPS else group


def effect_span(effect: Effect, looks: Looks) -> Span:
    return Span(_SIGNS[looks.glyphs.tier][effect], _EFFECTS[effect][1])


def legend(looks: Looks, t: Translate) -> str:
    """`live ● reopen ↻ restart ⟳`."""
    return " ".join(f"{t(word)} {effect_span(effect, looks).text}" for effect, (word, _, _) in _EFFECTS.items())


def changed_sign(looks: Looks) -> str:
    return "•" if looks.glyphs.tier == "full" else "*"


def lock(row: SettingRow, t: Translate) -> str:
    """Why this setting cannot be changed here; empty when it can."""
    if not row.locked:
        return ""
    return t(mark("from environment {name}: unset it to edit")).format(name=visible(_variable(row)))


def _variable(row: SettingRow) -> str:
    """The name of what gives a value that the file cannot change."""
    return next((row.locked.removeprefix(head) for head in FROM_ENVIRONMENT if row.locked.startswith(head)), row.locked)


def origin(row: SettingRow, t: Translate) -> str:
    """Where the value comes from, in a few words."""
    if row.locked:
        return t(mark("locked: {name}")).format(name=_variable(row))
    return t(mark("default")) if row.origin == "default" else row.origin


# --- values ----------------------------------------------------------------------------------------------------------


def field_of(row: SettingRow) -> Field:
    """The setting as a field of a form."""
    kind = {"table": "json", "secret": "text"}.get(row.kind, row.kind)
    return Field(row.key, kind, row.value, row.default, choices=row.choices, least=row.least, most=row.most)


def words(row: SettingRow, value: Any, t: Translate) -> str:
    """A value in its field of the form."""
    told = in_words(row, value, t)
    if row.kind == "bool":
        return f"[{'x' if value else ' '}] {told}"
    return f"< {told} >" if row.kind == "choice" else told


def in_words(row: SettingRow, value: Any, t: Translate) -> str:
    """A value in a sentence."""
    if row.kind in _TELLERS:
        told = _TELLERS[row.kind](value, t)
    elif row.kind == "table" and isinstance(value, list):
        told = t(mark("{count} entries")).format(count=len(value)) if value else ""
    elif row.kind == "float" and value is not None:
        told = _number(value)
    else:
        told = fields.written(field_of(row), None if value in ("", {}) else value)
    return told or "-"


def _number(value: Any) -> str:
    """`10` for 10.0."""
    return str(value).removesuffix(".0")


def _secret(value: Any, t: Translate) -> str:
    if isinstance(value, str):
        return f"{DOTS} {t(mark('new'))}"
    return DOTS if isinstance(value, dict) and value.get("set") else t(mark("not set"))


def _switch(value: Any, t: Translate) -> str:
    return t(mark("on")) if value else t(mark("off"))


def _choice(value: Any, t: Translate) -> str:
    return str(value) if value else t(mark("automatic"))


def _list(value: Any, _: Translate) -> str:
    return ", ".join(map(_number, value or ()))


_TELLERS: Mapping[str, Callable[[Any, Translate], str]] = {
    "secret": _secret,
    "bool": _switch,
    "choice": _choice,
    "list": _list,
}


def typed(row: SettingRow, value: Any) -> str:
    """A value as it would be typed; nothing of a secret."""
    if row.kind == "secret" or value is None:
        return ""
    if row.kind == "list":
        return ", ".join(map(_number, value))
    return (
        _number(fields.written(field_of(row), value)) if row.kind == "float" else fields.written(field_of(row), value)
    )


def expected(row: SettingRow, t: Translate) -> str:
    """What may be typed."""
    if row.kind == "list":
        return t(mark("several with commas between them")) + (f": {', '.join(row.choices)}" if row.choices else "")
    if row.kind == "choice":
        return " | ".join(each or t(mark("automatic")) for each in row.choices)
    if row.kind == "secret":
        return t(mark("write-only: a new one replaces it"))
    return fields.expected(field_of(row), t)


def read(row: SettingRow, text: str, t: Translate) -> Any:
    """The value of a typed text, None for back to the default; `UsageError` says what was expected."""
    text = text.strip()
    if not text and (row.optional or row.kind in ("secret", "table")):
        return None
    if row.kind == "list":
        return _members(row, text, t)
    value = fields.read(field_of(row), text, t)
    if row.above is not None and value <= row.above:
        raise UsageError(reason=t(mark("more than {least} is expected")).format(least=f"{row.above:g}"))
    return value


def _members(row: SettingRow, text: str, t: Translate) -> list[Any]:
    found: list[Any] = [part.strip() for part in text.split(",") if part.strip()]
    wrong = [each for each in found if row.choices and each not in row.choices]
    if _of_numbers(row):
        try:
            return [msgspec.json.decode(each, type=int | float) for each in found]
        except msgspec.DecodeError:
            wrong = found
    if wrong:
        raise UsageError(reason=t(mark("expected: {what}")).format(what=expected(row, t)))
    return found


def _of_numbers(row: SettingRow) -> bool:
    """Whether the members that are known are numbers."""
    known = [*(row.value or ()), *(row.default or ())]
    return bool(known) and all(isinstance(each, int | float) for each in known)


# --- rows ------------------------------------------------------------------------------------------------------------


def setting_row(shell: Shell, row: SettingRow, draft: Draft, *, whole: bool) -> Row:
    """One line of the form; `whole` keys where settings of several groups stand together."""
    t, looks = shell.t, shell.looks
    refused, changed = draft.refused.get(row.key, ""), row.key in draft.changes
    name = row.key if whole else row.key.removeprefix(f"{row.group}.")
    sign = f"{changed_sign(looks)} " if changed else ""
    role = "bad" if refused else "warn" if changed else "dim" if row.locked else "text"
    return Row(
        row.key,
        (
            Span(f"{sign}{name}", "warn" if changed else "strong" if row.modified else "text"),
            Span(words(row, draft.value(row.key), t), role),
            effect_span(row.effect, looks),
            _note(row, refused, looks, t),
        ),
    )


def _note(row: SettingRow, refused: str, looks: Looks, t: Translate) -> Span:
    """Why the value is refused, else where it comes from."""
    if refused:
        return Span(f"{looks.glyphs.failed} {refused}", "bad")
    return Span(origin(row, t), "warn" if row.locked else "dim")


def about(shell: Shell, row: SettingRow, draft: Draft, width: int) -> list[Line]:
    """All that is to be said of one setting; what is wrong comes first."""
    t, looks = shell.t, shell.looks
    refused = draft.refused.get(row.key, "")
    effect, role, when = _EFFECTS[row.effect]
    told = expected(row, t)
    if row.kind != "secret" and row.default is not None:
        told += f"   {t(mark('default'))} {in_words(row, row.default, t)}"
    source = lock(row, t) or (f"{t(mark('from'))} {origin(row, t)}" if row.origin != "default" else "")
    was = t(mark("was {value}")).format(value=in_words(row, row.value, t)) if row.key in draft.changes else ""
    return [
        *_folded(f"{looks.glyphs.failed} {refused}" if refused else "", "bad", width, looks),
        *_folded(t(row.text) if row.text else "", "text", width, looks),
        *_folded(told, "dim", width, looks),
        *_folded(f"{effect_span(row.effect, looks).text} {t(effect)}: {t(when)}", role, width, looks),
        *_folded(f"{source}   {was}".strip(), "warn" if row.locked or was else "dim", width, looks),
    ]


def _folded(text: str, role: str, width: int, looks: Looks) -> list[Line]:
    return [[Span(f" {piece}", role)] for piece in fold(visible(text, looks.text), width - 2)] if text else []


# --- what will change, and what was changed -----------------------------------------------------------------------


def change_lines(shell: Shell, draft: Draft, width: int) -> list[Line]:
    """Every change with before, after and effect; then the difference of the file, once the engine has told it."""
    t, looks = shell.t, shell.looks
    rows: list[Line] = []
    for key in draft.changes:
        row = draft.rows[key]
        effect, role, when = _EFFECTS[row.effect]
        change = f"{in_words(row, row.value, t)} {looks.glyphs.to} {in_words(row, draft.value(key), t)}"
        rows += [[Span(f" {visible(key, looks.text)}", "title")], *_folded(f"  {change}", "strong", width, looks)]
        refused = draft.refused.get(key, "")
        rows += _folded(f"  {looks.glyphs.failed} {refused}", "bad", width, looks) if refused else ()
        rows += _folded(f"  {effect_span(row.effect, looks).text} {t(effect)}: {t(when)}", role, width, looks)
    diff = draft.verdict.diff if draft.verdict else ""
    return [*rows, *([()] if rows and diff else []), *diff_lines(diff, width, looks)]


def diff_lines(diff: str, width: int, looks: Looks) -> list[Line]:
    """A difference in the unified format, one colour for what goes and one for what comes."""
    rows: list[Line] = []
    for line in diff.splitlines():
        kept = line.startswith(("---", "+++", "@@"))
        role = "dim" if kept or line[:1] == " " else "good" if line[:1] == "+" else "bad"
        rows += _folded(line, role, width, looks) if line.strip() else [()]
    return rows


def applied_lines(shell: Shell, draft: Draft, width: int) -> list[Line]:
    """What became of each change that was applied last."""
    if draft.applied is None:
        return []
    rows: list[Line] = []
    for each in draft.applied.keys:
        word, role = _RESULTS[each.result]
        rows += _folded(each.key, "strong", width, shell.looks)
        rows.append([Span(f"   {shell.t(word)}", role)])
    return rows


def summary(draft: Draft, t: Translate) -> str:
    """`pending: 1 live, 1 reopen, 1 restart, 1 wrong`."""
    effects = [draft.rows[key].effect for key in draft.changes]
    counted = [(t(word), effects.count(effect)) for effect, (word, _, _) in _EFFECTS.items()]
    counted.append((t(mark("wrong")), sum(key in draft.changes for key in draft.refused)))
    told = ", ".join(f"{count} {word}" for word, count in counted if count)
    return t(mark("pending: {what}")).format(what=told)


def history_lines(shell: Shell, changes: Sequence[ChangeRow], key: str, width: int) -> list[Line]:
    """Who changed a setting and when, the newest first."""
    t, looks = shell.t, shell.looks
    rows: list[Line] = []
    for change in changes:
        undone = f"  {t(mark('undone'))}" if change.undone else ""
        told = f"{figures.moment(change.at_ms)}  {change.who}  {t(change.act)}{undone}"
        rows += _folded(told, "dim" if change.undone else "text", width, looks)
        for each in change.changes:
            if f"{each.key}.".startswith(f"{key}.") or not key:
                name = "" if each.key == key else f"{each.key}  "
                line = f"  {name}{plain(each.before)} {looks.glyphs.to} {plain(each.after)}"
                rows += _folded(line, "dim" if change.undone else "strong", width, looks)
    return rows or _folded(t(mark("It was never changed here.")), "dim", width, looks)


def plain(value: Any) -> str:
    """A value of the history; a secret says whether it was set."""
    if isinstance(value, dict) and value.keys() <= {"set", "changed_at_ms"} and "set" in value:
        return DOTS if value["set"] else "-"
    if value is None or value == "":
        return "-"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode().removesuffix(".0")


def matching(rows: Iterable[SettingRow], text: str, t: Translate) -> list[SettingRow]:
    """Those whose key or sentence, in either language, holds the text."""
    wanted = text.casefold()
    return [row for row in rows if wanted in f"{row.key} {row.text} {t(row.text) if row.text else ''}".casefold()]
