"""The settings of a plugin as a form: typed values are checked at once, and only what was changed is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import msgspec
from textual import on
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from kagami.errors import KagamiError, UsageError
from kagami.i18n import mark
from kagami.operations.plugins import Configure
from kagami.ports import Field
from kagami.sources import FROM_ENVIRONMENT
from kagami.tui import fields
from kagami.tui.acting import Verb
from kagami.tui.dialogs.overlay import Overlay
from kagami.tui.format import fold, pad, visible
from kagami.tui.keys import Action
from kagami.tui.shell import Question, Shell
from kagami.tui.widgets.box import Box
from kagami.tui.widgets.painted import Line, Span

FOOT_ROWS = 5
NAME_CELLS = 20


class FormDialog(Overlay[Any]):
    """Answers what the engine said to the changes, None when nothing was changed.

    `changes` are new values by name; one that is back at what it was is none. `refused` are reasons by name, of typed
    texts and of the engine; an empty name is for the form as a whole.
    """

    DEFAULT_CSS = """
    FormDialog Vertical#form { height: 1fr; margin: 1; }
    FormDialog Box, FormDialog Box:focus { background: $panel; padding: 0 1; }
    """
    WIDTH: ClassVar[int] = 96
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("form.up", ("up", "k"), mark("move"), mark("One row up"), hint=False),
        Action("form.down", ("down", "j", "tab"), mark("move"), mark("One row down")),
        Action("form.edit", ("enter", "space"), mark("change"), mark("Change this setting")),
        Action("form.less", ("left", "h"), mark("before"), mark("The choice before"), hint=False),
        Action("form.more", ("right", "l"), mark("next"), mark("The next choice"), hint=False),
        Action("form.default", ("d",), mark("default"), mark("Back to its default")),
        Action("form.undo", ("z",), mark("undo"), mark("Forget this change")),
        Action("form.apply", ("A",), mark("apply"), mark("Apply the changes"), changes=True),
        Action("form.close", ("escape",), mark("close"), mark("Close this")),
    )

    def __init__(self, shell: Shell, plugin: str, form: Sequence[Field], name: str = "") -> None:
        self.plugin = plugin
        self.title_of = name or plugin
        self.form = tuple(form)
        self.chosen = 0
        self.changes: dict[str, Any] = {}
        self.refused: dict[str, str] = {}
        self.editing = False
        super().__init__(shell)

    def inner(self) -> Widget:
        self.box = Box()
        self.box.display = False
        return Vertical(self.sheet, self.box, id="form")

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "form.up": lambda: self._move(-1),
            "form.down": lambda: self._move(1),
            "form.edit": self._edit,
            "form.less": lambda: self._cycle(-1),
            "form.more": lambda: self._cycle(1),
            "form.default": lambda: self._set(self.field.default),
            "form.undo": lambda: self._set(self.field.value),
            "form.apply": self._apply,
            "form.close": self._close,
        }

    def refusal(self, action: Action) -> str:
        if action.id == "form.apply":
            return self._not_appliable()
        if action.id in ("form.edit", "form.less", "form.more", "form.default") and self.locked:
            return self.t(mark("it comes from {origin}; change it there")).format(origin=visible(self.field.origin))
        if action.id == "form.default" and self.field.required:
            return self.t(mark("it has no default"))
        return ""

    def refuse(self, action: Action, reason: str) -> None:  # noqa: ARG002
        """Below the fields: a toast could lie behind the form."""
        self.refused[""] = reason
        self.repaint()

    def _not_appliable(self) -> str:
        if self.shell.stale_s:
            return self.t(mark("the engine does not answer"))
        return "" if self.changes else self.t(mark("nothing is changed"))

    @property
    def field(self) -> Field:
        return self.form[self.chosen]

    @property
    def locked(self) -> bool:
        return self.field.origin.startswith(FROM_ENVIRONMENT)

    def value(self, field: Field) -> Any:
        """As it would be after applying."""
        return self.changes.get(field.name, field.value)

    # Painting.

    def title_text(self) -> tuple[str, str]:
        count = len(self.changes)
        hint = self.t(mark("{count} changed")).format(count=count) if count else ""
        return f"{self.title_of}: {self.t(mark('settings'))}", hint

    def tall(self, height: int) -> int:
        return min(height - 4, len(self.form) + FOOT_ROWS + 3)

    def rows(self, width: int, height: int) -> Sequence[Line]:
        room = max(1, height - FOOT_ROWS)
        top = self._top(room)
        rows: list[Line] = [self._row(place, width) for place in range(top, min(len(self.form), top + room))]
        rows += [()] * (room - len(rows))
        rule = Span(" " + self.shell.looks.glyphs.rule * (width - 2), "frame")
        return [*rows, [rule], *self._foot(width)][:height]

    def ground(self, row: int) -> str:
        room = max(1, self.sheet.size.height - FOOT_ROWS)
        return "cursor" if row < room and row + self._top(room) == self.chosen else ""

    def _top(self, room: int) -> int:
        return max(0, self.chosen - room + 1)

    def _row(self, place: int, width: int) -> Line:
        field, looks = self.form[place], self.shell.looks
        changed, refused = field.name in self.changes, self.refused.get(field.name, "")
        sign = looks.glyphs.row if place == self.chosen else " "
        click = f"screen.pick({place})"
        note = f"{looks.glyphs.failed} {refused}" if refused else self._origin(field, changed=changed)
        beside = width * 2 // 5
        room = width - 6 - NAME_CELLS - beside
        return [
            Span(f" {sign} ", "accent", click),
            Span("* " if changed else "  ", "warn", click),
            Span(pad(field.name, NAME_CELLS, tier=looks.text) + " ", "strong", click),
            Span(pad(self._shown(field), room - 1, tier=looks.text) + " ", "warn" if changed else "text", click),
            Span(pad(note, beside, tier=looks.text), "bad" if refused else "dim", click),
        ]

    def _shown(self, field: Field) -> str:
        value = self.value(field)
        if field.kind == "bool":
            return f"[x] {self.t(mark('on'))}" if value else f"[ ] {self.t(mark('off'))}"
        text = fields.written(field, value)
        return f"< {text} >" if field.kind == "choice" else text or "-"

    def _words(self, field: Field, value: Any) -> str:
        """A value in a sentence: what is on is not called true."""
        if field.kind == "bool":
            return self.t(mark("on")) if value else self.t(mark("off"))
        return fields.written(field, value) or "-"

    def _origin(self, field: Field, *, changed: bool) -> str:
        if changed:
            return self.t(mark("was {value}")).format(value=visible(self._words(field, field.value)))
        if field.required and not self.value(field):
            return self.t(mark("needed"))
        return self.t(mark("default")) if field.origin == "default" else field.origin

    def _foot(self, width: int) -> list[Line]:
        """About the field under the cursor, or why the whole form was refused."""
        field, tier = self.field, self.shell.looks.text
        default = self._words(field, field.default) if not field.required and field.default is not None else ""
        told = fields.expected(field, self.t)
        if default:
            told += f"   {self.t(mark('default'))} {default}"
        if field.origin != "default":
            told += f"   {self.t(mark('from'))} {field.origin}"
        refused = self.refused.get(field.name) or self.refused.get("", "")
        rows = [(field.text, "text"), (told, "dim"), (refused, "bad")]
        lines: list[Line] = []
        for text, role in rows:
            pieces = fold(visible(text, tier), width - 3)[: 2 if role == "bad" else 1] if text else []
            lines += [[Span(f" {piece}", role)] for piece in pieces]
        return lines

    # Doing.

    def _move(self, step: int) -> None:
        if not self.editing:
            self.refused.pop("", None)
            self.chosen = (self.chosen + step) % len(self.form)
            self.repaint()

    def action_pick(self, place: int) -> None:
        """A click chooses a row; on the chosen row it changes the value."""
        if self.editing:
            return
        again, self.chosen = place == self.chosen, place
        self.repaint()
        if again:
            self.action_act("form.edit")

    def _edit(self) -> None:
        if self.field.kind in ("bool", "choice"):
            self._cycle(1)
            return
        self.editing = self.box.display = True
        self.box.write("" if self.at_default else fields.written(self.field, self.value(self.field)))
        self.box.focus()

    @property
    def at_default(self) -> bool:
        """Whether it is a text at its default: that stands in its row, an empty box leaves it so, and what is typed
        takes its place.
        """
        field = self.field
        return (
            field.kind == "text" and not field.required and bool(field.default) and self.value(field) == field.default
        )

    def _cycle(self, step: int) -> None:
        field = self.field
        if field.kind == "bool":
            self._set(not self.value(field))
        elif field.kind == "choice" and field.choices:
            now = field.choices.index(self.value(field)) if self.value(field) in field.choices else -step
            self._set(field.choices[(now + step) % len(field.choices)])

    def _set(self, value: Any) -> None:
        name = self.field.name
        self.refused.pop("", None)
        self.refused.pop(name, None)
        self.changes.pop(name, None)
        if value != self.field.value:
            self.changes[name] = value
        self.repaint()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        """Limits are checked as one types."""
        event.stop()
        if self.editing:
            self._read(event.value)
            self.repaint()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value and self.at_default:
            self._leave_box()
        elif self._read(event.value):
            self._set(fields.read(self.field, event.value, self.t))
            self._leave_box()

    def _read(self, text: str) -> bool:
        """Whether the text is a value of the field; the reason stands beside it when not."""
        try:
            fields.read(self.field, text, self.t)
        except UsageError as error:
            self.refused[self.field.name] = error.text(self.t)
            return False
        self.refused.pop(self.field.name, None)
        return True

    def _leave_box(self) -> None:
        self.editing = self.box.display = False
        self.set_focus(None)
        self.repaint()

    async def _apply(self) -> None:
        """Send what was changed; the values that go back to their default are sent as null."""
        defaults = {each.name: each.default for each in self.form if not each.required}
        values = {
            name: None if name in defaults and value == defaults[name] else value
            for name, value in self.changes.items()
        }
        try:
            answer = await self.shell.control.call(self.request(values))
        except KagamiError as error:
            self._blame(error)
            return
        self.dismiss(answer)

    def request(self, values: Mapping[str, Any]) -> msgspec.Struct:
        """What is sent."""
        return Configure(plugin=self.plugin, values=dict(values))

    def named(self, error: KagamiError) -> str:
        """The field that a refusal is about."""
        return str(error.details.get("key", "")).removeprefix(f"plugins.settings.{self.plugin}.")

    def _blame(self, error: KagamiError) -> None:
        """Put a refusal beside the field that it names, else below all of them."""
        key = self.named(error)
        name = next(
            (each.name for each in self.form if key == each.name or key.startswith((f"{each.name}.", f"{each.name}["))),
            "",
        )
        reason = str(error.details["reason"]) if name and "reason" in error.details else error.text(self.t)
        self.refused[name] = self.t(reason)
        if name:
            self.chosen = next(place for place, each in enumerate(self.form) if each.name == name)
        self.repaint()

    async def _close(self) -> None:
        if self.editing:
            self.refused.pop(self.field.name, None)
            self._leave_box()
            return
        if self.changes and not await self._gives_up():
            return
        self.dismiss(None)

    async def _gives_up(self) -> bool:
        t = self.t
        shown = ", ".join(visible(name) for name in self.changes)
        question = Question(
            t(mark("Discard the changes?")),
            ((t(mark("Changed")), shown), (t(mark("After")), t(mark("everything stays as it was")))),
            keep=t(mark("Keep editing")),
            go=t(mark("Discard")),
        )
        return await self.shell.ask(question)
