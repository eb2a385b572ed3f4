"""What would happen to a message: how it is asked, and the answer rule by rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kagami.core.routing import DROP, PLUGINS
from kagami.i18n import mark
from kagami.model.ids import split_id
from kagami.operations.guard import Checked
from kagami.operations.routes import Explained, JudgedRow
from kagami.ports import MessageRow
from kagami.tui.format import visible
from kagami.tui.shell import Shell
from kagami.tui.widgets.page import paragraph
from kagami.tui.widgets.painted import Line

KINDS = ("user", "chat", "bot", "platform")
CHATS = ("group", "private")
GUARD_KINDS = (
    ("user", mark("user")),
    ("chat", mark("chat")),
    ("word", mark("word")),
    ("pattern", mark("pattern")),
    ("link", mark("link")),
)


class Asked(NamedTuple):
    """A message that might come."""

    user: str = ""
    chat: str = ""
    bot: str = ""
    platform: str = ""
    text: str = ""


def read_asked(line: str) -> Asked:
    """`user:qq:10002 group:123 天气 上海`: words in front say who and where, the rest is the text."""
    given: dict[str, str] = {}
    rest = line.strip()
    while rest:
        word, _, following = rest.partition(" ")
        kind, colon, value = word.partition(":")
        if not (colon and value and kind in (*KINDS, *CHATS)):
            break
        given |= {"chat": word} if kind in CHATS else {kind: value}
        rest = following.lstrip()
    return Asked(**given, text=rest)


def write_asked(bot: str, chat: str, user: str, text: str) -> str:
    """The line that asks about such a message."""
    words = [f"user:{split_id(bot)[0]}:{user}" if bot and user else "", f"chat:{chat}" if chat else ""]
    return " ".join(filter(None, (*words, f"bot:{bot}" if bot else "", " ".join(text.split()))))


def line_of(row: MessageRow) -> str:
    """The line that asks about a message which came."""
    return write_asked(row.bot, row.chat, row.user, row.text)


@dataclass(frozen=True, slots=True)
class Answer:
    """`explained` by the list as it is on the screen; `saved` by the rules in force, where `pending` edits differ."""

    explained: Explained
    saved: Explained | None = None
    pending: int = 0


def explained_lines(shell: Shell, answer: Answer, width: int) -> list[Line]:
    """What the guard says, who gets it, what the unsaved edits change, and every rule's part in it."""
    found = answer.explained
    rows = [*_guard(shell, found.guard, width), *_whereto(shell, found, width), *_edits(shell, answer, width)]
    for judged in sorted(found.rules, key=lambda each: each.verdict != "wins"):
        if judged.verdict in ("wins", "beaten", "away"):
            rows += _judged(shell, judged, width)
    glyphs = shell.looks.glyphs
    for verdict, sign, word in (("no match", glyphs.failed, mark("no match")), ("off", glyphs.offline, mark("off"))):
        numbers = [each.number for each in found.rules if each.verdict == verdict]
        if numbers:
            rows += paragraph(f"{sign} {spans(numbers)}  {shell.t(word)}", width, shell.looks, "dim")
    return rows


def to_text(shell: Shell, to: str) -> str:
    """Where a rule or a decision leads, in words."""
    if to == DROP:
        return shell.t(mark("drop: nobody gets it"))
    return to or shell.t(mark("nobody"))


def _whereto(shell: Shell, found: Explained, width: int) -> list[Line]:
    glyphs, t = shell.looks.glyphs, shell.t
    if found.number:
        why = t(mark("rule {number} wins")).format(number=found.number)
    elif found.to == PLUGINS:
        why = t(mark("no rule leads it elsewhere")) if found.rules else t(mark("there are no rules"))
    else:
        why = ""
    takers = ", ".join(found.takers)
    if found.to in ("", DROP):
        takers = ""
    elif not takers:
        takers = t(mark("nobody there would do anything with it"))
    text = f"{glyphs.to} {to_text(shell, found.to)}   {why}"
    role = "good" if found.takers else "warn"
    return [*paragraph(text, width, shell.looks, role), *paragraph(takers, width, shell.looks, "text", 3)][
        : None if takers else 1
    ]


def _guard(shell: Shell, reason: str, width: int) -> list[Line]:
    if not reason:
        return []
    told = shell.t(mark("the guard keeps it out before any rule: {reason}")).format(reason=visible(reason))
    return paragraph(f"{shell.looks.glyphs.attention} {told}", width, shell.looks, "bad")


def _edits(shell: Shell, answer: Answer, width: int) -> list[Line]:
    """What the edits that are not saved yet change for it."""
    t, saved, now = shell.t, answer.saved, answer.explained
    if saved is None:
        return []
    head = t(mark("judged with your unsaved changes ({count})")).format(count=answer.pending)
    if saved.to == now.to:
        return paragraph(f"{head}  {t(mark('without them: the same'))}", width, shell.looks, "dim")
    rule = t(mark("rule {number}")).format(number=saved.number) if saved.number else t(mark("no rule"))
    told = t(mark("without them: {to} ({rule})")).format(to=visible(to_text(shell, saved.to)), rule=rule)
    return paragraph(f"{head}  {told}", width, shell.looks, "warn")


def _judged(shell: Shell, judged: JudgedRow, width: int) -> list[Line]:
    glyphs, t = shell.looks.glyphs, shell.t
    word, sign, role = {
        "wins": (mark("wins"), glyphs.ok, "good"),
        "beaten": (mark("matches, does not win"), glyphs.troubled, "text"),
    }.get(judged.verdict, (mark("matches, but is passed"), glyphs.attention, "warn"))
    reason = f": {t(judged.reason)}" if judged.reason else ""
    head = f"{sign} {judged.number} {judged.match} {glyphs.to} {judged.to}  {t(word)}{reason}"
    return paragraph(head, width, shell.looks, role)


def checked_lines(shell: Shell, checked: Checked, width: int) -> list[Line]:
    """What the guard lists would do, and by which line."""
    t, line, glyphs = shell.t, checked.line, shell.looks.glyphs
    if not checked.kept_out or line is None:
        passes = t(mark("it passes the guard; now the rules decide"))
        return paragraph(f"{glyphs.ok} {passes}", width, shell.looks, "good")
    kind = t(dict(GUARD_KINDS).get(line.kind, line.kind))
    told = t(mark("it is kept out by {kind} {value}")).format(kind=kind, value=visible(line.value))
    then = {"warn": mark("the sender is told"), "tell": mark("super admins are told")}
    after = t(then.get(line.action, mark("nobody is told")))
    where = f"  {line.where}" if line.where else ""
    rows = paragraph(f"{glyphs.failed} {told}{where}", width, shell.looks, "bad")
    rows += paragraph(after, width, shell.looks, "text", 3)
    return rows + (paragraph(line.note, width, shell.looks, "dim", 3) if line.note else [])


def spans(numbers: Iterable[int]) -> str:
    """`1-3 5 8-9` of rising numbers."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def how_to_ask(shell: Shell, width: int) -> Sequence[Line]:
    """What stands where no answer is yet."""
    t = shell.t
    told = t(
        mark("Type what somebody might say. Words in front say who and where: user:qq:10002 group:123456 bot:qq:1")
    )
    keys = t(mark("up and down take recent messages"))
    return [*paragraph(told, width, shell.looks, "dim"), *paragraph(keys, width, shell.looks, "dim")]
