"""A few fields to fill in, one a row, checked as one types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from kagami.i18n import mark
from kagami.tui.format import pad, typed
from kagami.tui.keys import shown
from kagami.tui.shell import Shell
from kagami.tui.widgets.box import Box
from kagami.tui.widgets.page import paragraph
from kagami.tui.widgets.painted import Line, Painted, Span
from kagami.tui.widgets.rows import Rows

LABEL = 11
JOINT = " & "
BREAK = " ;; "
"""Stands in a box between lines that were pasted."""
Check = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True, slots=True)
class Slot:
    """One field. `label` and `told`, which says what may be typed, are marked English.

    With `choices` (values, with marked words for them) it is chosen instead of typed; `words` complete what is typed;
    `lines` lets it take a whole paste; `fixed` shows it only.
    """

    name: str
    label: str
    value: str = ""
    told: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    lines: bool = False
    fixed: bool = False


class Kept(Message):
    """Enter: the values by name, all of them sound."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__()
        self.values = values


class Changed(Message):
    """A choice was made."""


class Wanted(Message):
    """Enter on a choice."""


class Completion(Suggester):
    """Completes the last of several conditions."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._words = words

    async def get_suggestion(self, value: str) -> str | None:
        head, joint, last = value.rpartition(JOINT)
        found = next((word for word in self._words if word.startswith(last) and word != last), None) if last else None
        return f"{head}{joint}{found}" if found else None


class LinesBox(Box):
    """A box that takes all lines of a paste; a sign stands where one ends."""

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        lines = [typed(line).strip() for line in event.text.splitlines()]
        self.insert_text_at_cursor(BREAK.join(line for line in lines if line))

    def validate_value(self, value: str) -> str:
        return value if value.isprintable() else typed(value)


class Choice(Painted, can_focus=True):
    """`< deny >`: arrows and Space go through the values."""

    DEFAULT_CSS = "Choice { height: 1; width: 1fr; }"

    def __init__(self, shell: Shell, slot: Slot) -> None:
        super().__init__(shell)
        self.slot = slot
        self.value = slot.value

    def lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        word = self.shell.t(dict(self.slot.choices).get(self.value, self.value))
        return [[Span(f"< {word} >", "strong" if self.has_focus else "text")]]

    def on_focus(self) -> None:
        self.call_later(self.repaint)

    def on_blur(self) -> None:
        self.call_later(self.repaint)

    def on_key(self, event: events.Key) -> None:
        """No letter is for the place while one fills in a form."""
        if event.key in ("left", "right", "space"):
            event.stop()
            self.cycle(-1 if event.key == "left" else 1)
        elif event.key == "enter":
            event.stop()
            self.post_message(Wanted())
        elif event.is_printable:
            event.stop()

    def cycle(self, step: int) -> None:
        values = [value for value, _ in self.slot.choices]
        self.value = values[(values.index(self.value) + step) % len(values)]
        self.repaint()
        self.post_message(Changed())

    async def on_click(self, event: events.Click) -> None:
        event.stop()
        self.focus()
        self.cycle(1)


class Fieldset(Vertical):
    """`check` says in the user's language why the values cannot be; empty when they can. `foot` says what Enter does.

    Esc is the place's.
    """

    DEFAULT_CSS = """
    Fieldset { height: 1fr; }
    Fieldset Horizontal { height: 1; }
    Fieldset .label { width: 12; height: 1; }
    Fieldset Box, Fieldset Box:focus { background: $panel; }
    Fieldset .foot { height: 1fr; }
    """

    def __init__(self, shell: Shell, slots: Sequence[Slot], check: Check, foot: str) -> None:
        super().__init__()
        self.shell = shell
        self.slots = tuple(slots)
        self._check = check
        self._foot_text = foot
        self._fields: dict[str, Box | Choice] = {}
        self._touched = False
        self._foot = Rows(shell, self._told)
        self._foot.add_class("foot")

    def compose(self) -> ComposeResult:
        for slot in self.slots:
            label = Rows(self.shell, self._label(slot))
            label.add_class("label")
            with Horizontal():
                yield label
                yield self._field(slot)
        yield self._foot

    def _field(self, slot: Slot) -> Widget:
        if slot.fixed:
            return Rows(self.shell, lambda width: [[Span(pad(slot.value, width, tier=self.shell.looks.text), "dim")]])
        if slot.choices:
            self._fields[slot.name] = choice = Choice(self.shell, slot)
            return choice
        box = LinesBox(slot.value) if slot.lines else Box(slot.value)
        box.suggester = Completion(slot.words) if slot.words else None
        self._fields[slot.name] = box
        return box

    def on_mount(self) -> None:
        self.begin()

    def begin(self) -> None:
        """The first field, cursor at its end."""
        first = next(iter(self._fields.values()))
        if isinstance(first, Box):
            first.cursor_position = len(first.value)
        first.focus()

    @property
    def values(self) -> dict[str, str]:
        fixed = {slot.name: slot.value for slot in self.slots if slot.fixed}
        return fixed | {name: field.value for name, field in self._fields.items()}

    @property
    def changed(self) -> bool:
        """Whether anything is not as it was given."""
        return any(self.values[slot.name] != slot.value for slot in self.slots)

    def _label(self, slot: Slot) -> Callable[[int], Sequence[Line]]:
        return lambda _: [[Span(" " + pad(self.shell.t(slot.label), LABEL, tier=self.shell.looks.text), "dim")]]

    def _told(self, width: int) -> Sequence[Line]:
        """About the field, why it cannot be so, and the keys."""
        t, looks = self.shell.t, self.shell.looks
        slot = next((each for each in self.slots if self._fields.get(each.name) is self.screen.focused), None)
        rows: list[Line] = [()]
        if slot and slot.told:
            rows += paragraph(t(slot.told), width, looks, "dim")
        if reason := self._check(self.values):
            rows += [(), *paragraph(reason, width, looks, "bad" if self._touched else "warn")]
        rows.append(())
        for key, text in self._keys(offers=bool(slot and slot.words)):
            first, *rest = paragraph(text, width - 5, looks, "dim") or [()]
            rows += [[Span(" " + pad(key, 5), "key"), *first], *([Span("      "), *line] for line in rest)]
        return rows

    def _keys(self, *, offers: bool) -> list[tuple[str, str]]:
        """Each with what it does; `offers` where something is completed."""
        t, plain = self.shell.t, self.shell.looks.glyphs.tier != "full"
        keys = [
            (shown("enter", plain=plain), t(self._foot_text)),
            ("esc", t(mark("leave it"))),
            (f"{shown('up', plain=plain)} {shown('down', plain=plain)}", t(mark("fields"))),
        ]
        return [*keys, (shown("right", plain=plain), t(mark("takes what is offered")))] if offers else keys

    # Keys.

    def on_key(self, event: events.Key) -> None:
        if event.key in ("up", "down"):
            event.stop()
            fields: list[Widget] = list(self._fields.values())
            here = next((place for place, field in enumerate(fields) if field is self.screen.focused), 0)
            fields[(here + (-1 if event.key == "up" else 1)) % len(fields)].focus()

    def on_descendant_focus(self) -> None:
        self.call_later(self._foot.repaint)

    @on(Input.Changed)
    @on(Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        self._touched = self._touched or self.changed
        self._foot.repaint()

    @on(Input.Submitted)
    @on(Wanted)
    def _wanted(self, event: Message) -> None:
        event.stop()
        self._touched = True
        if self._check(self.values):
            self._foot.repaint()
        else:
            self.post_message(Kept(self.values))
