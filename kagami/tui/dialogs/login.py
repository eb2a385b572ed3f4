"""Logging an account in: the QR code, and everything else that a login asks, as it goes on."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from kagami.core.qr import png
from kagami.errors import EngineAway, KagamiError
from kagami.i18n import mark
from kagami.operations.bots import Login, LoginAnswer, LoginEnd, LoginRefresh, LoginStepOf
from kagami.ports import LoginStep
from kagami.tui.about import QR_HELP
from kagami.tui.acting import Verb
from kagami.tui.clipboard import keep
from kagami.tui.dialogs.answer import AnswerReader
from kagami.tui.dialogs.overlay import Overlay
from kagami.tui.format import visible
from kagami.tui.keys import Action
from kagami.tui.later import later
from kagami.tui.login_view import MOST_SCALE, LoginView
from kagami.tui.shell import Shell
from kagami.tui.state import state_path
from kagami.tui.weblink import can_open, open_link
from kagami.tui.widgets.box import Box
from kagami.tui.widgets.painted import Line

POLL_S = 20.0
AGAIN_S = 2.0

_COPY = Action("login.copy", ("y",), mark("copy the link"), mark("Copy the link, or the text of the code"))
_SAVE = Action("login.save", ("s",), mark("as picture"), mark("Write the code as a picture that only you can read"))
_OPEN = Action("login.open", ("o",), mark("open it"), mark("Open the link in a browser on this machine"))
_NEW = Action("login.new", ("r",), mark("new code"), mark("Ask for another code, or begin again"), changes=True)
_ALONE = Action("login.alone", ("z",), mark("code alone"), mark("The code alone on the whole screen, and back"))
_INVERT = Action("login.invert", ("i",), mark("invert"), mark("Swap dark and light"), hint=False)
_BLOCKS = Action("login.blocks", ("b",), mark("other blocks"), mark("Draw with other characters"), hint=False)
_HELP = Action("login.help", ("g",), mark("looks broken?"), mark("When a phone cannot read it"), hint=False)
_END = Action("login.end", ("x",), mark("give up"), mark("Give this login up"), changes=True)
_NEED_CODE = {"login.bigger", "login.smaller", *(each.id for each in (_SAVE, _ALONE, _INVERT, _BLOCKS, _HELP))}
_OF_CODES = (_COPY, _OPEN, _SAVE, _ALONE, _INVERT, _BLOCKS)


class LoginDialog(Overlay[bool]):
    """Answers whether the account is logged in. Leaving it does not end the login: it can be opened again."""

    DEFAULT_CSS = """
    LoginDialog { background: $background; }
    LoginDialog #login { width: 1fr; height: 1fr; }
    LoginDialog Box, LoginDialog Box:focus { background: $panel; margin: 0 3; padding: 0 1; width: 40; }
    """
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("login.up", ("up", "k"), mark("move"), mark("One row up"), hint=False),
        Action("login.down", ("down", "j"), mark("move"), mark("One row down")),
        Action("login.do", ("enter",), mark("go on"), mark("Take the chosen way, type, or close what is over")),
        *(_NEW, *_OF_CODES),
        Action("login.bigger", ("plus",), mark("bigger"), mark("Larger modules"), hint=False),
        Action("login.smaller", ("minus",), mark("smaller"), mark("Smaller modules"), hint=False),
        _HELP,
        _END,
        Action("login.leave", ("escape",), mark("go back"), mark("Leave this: the login goes on")),
    )

    def __init__(self, shell: Shell, bot: str, name: str) -> None:
        self.bot = bot
        self.name_of = name
        self._opener = shell.opener()
        beside = [each for each in _OF_CODES if each is not _OPEN or self._opener]
        self.view = LoginView(shell, (*beside, _NEW, _END, _HELP))
        self.box = Box()
        self.box.display = False
        self._picture: Path | None = None
        super().__init__(shell)

    def compose(self) -> ComposeResult:
        with Vertical(id="login"):
            yield self.sheet
            yield self.box
        with Vertical(classes="foot"):
            yield self.crumbs
            yield self.foot

    def on_mount(self) -> None:
        super().on_mount()
        self._begin()
        self.set_interval(1.0, self.repaint)

    def on_unmount(self) -> None:
        self._drop_picture()

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "login.up": lambda: self._move(-1),
            "login.down": lambda: self._move(1),
            "login.do": self._do,
            "login.new": self._new,
            "login.copy": self._copy,
            "login.open": self._open,
            "login.save": self._save,
            "login.alone": self._show_alone,
            "login.invert": lambda: self._shape(inverted=not self.view.shape.inverted),
            "login.blocks": lambda: self._shape(halves=not self.view.shape.halves, scale=1),
            "login.bigger": lambda: self._scale(1),
            "login.smaller": lambda: self._scale(-1),
            "login.help": self._help,
            "login.end": self._end,
            "login.leave": self._leave,
        }

    # Painting.

    def repaint(self) -> None:
        whole = self.view.alone and self.view.code is not None
        self.query_one(".foot").display = not whole
        self.crumbs.path = (self.t(mark("Bots")), self.t(mark("log in")), visible(self.name_of, self.shell.looks.text))
        self.foot.hints = tuple((action, "screen.act") for action in self.hinted())
        for painted in (self.sheet, self.crumbs, self.foot):
            painted.repaint()

    def rows(self, width: int, height: int) -> Sequence[Line]:
        return self.view.lines(width, height)

    def title_text(self) -> tuple[str, str]:
        return self.t(mark("log in")), visible(self.name_of)

    def hinted(self) -> Iterable[Action]:
        """Where one types, letters do not act."""
        keys = ("login.do", "login.leave") if self.box.has_focus else ()
        for action in self.actions:
            if action.id in keys or (action.hint and not keys and not self.refusal(action)):
                yield action

    def refusal(self, action: Action) -> str:
        if action.changes and self.shell.stale_s:
            return self.t(mark("the engine does not answer"))
        reason = next((reason for ids, does, reason in self._reasons() if action.id in ids and not does), "")
        return self.t(reason)

    def _reasons(self) -> Iterator[tuple[Collection[str], object, str]]:
        """Ids of actions, whether they can be done now, and why else not."""
        view = self.view
        yield _NEED_CODE, view.code, mark("there is no code")
        yield (_COPY.id,), self.link, mark("there is no link")
        yield (_OPEN.id,), can_open(self.link), mark("there is no link")
        yield (_OPEN.id,), self._opener, mark("there is no browser on this screen: y copies the link")
        chooses = view.kind == "choose"
        yield ("login.up", "login.down"), chooses, mark("there is nothing to choose")
        yield ("login.do",), chooses or view.asked or view.over, mark("there is nothing to choose")
        yield (_END.id,), not view.over, mark("it is over")
        yield (_NEW.id,), view.kind != "done", mark("it is over")

    def refuse(self, action: Action, reason: str) -> None:  # noqa: ARG002
        """In the dialog: it covers the toasts."""
        self._note(reason)

    def _note(self, text: str) -> None:
        self.view.note = text
        self.repaint()

    # Following.

    def _begin(self) -> None:
        self.view.step, self.view.trouble = None, ""
        self.run_worker(later(self._follow), group="follow", exclusive=True)

    async def _follow(self) -> None:
        """Begin the login, or join the one that is under way, and show its steps until the last."""
        request: Login | LoginStepOf = Login(bot=self.bot)
        while not self.view.over:
            try:
                step: LoginStep = await self.shell.control.call(request)
            except EngineAway as error:
                self._note(error.text(self.t))
                await self.shell.clock.sleep(AGAIN_S)
            except KagamiError as error:
                self.view.trouble, self.view.code = error.text(self.t), None
            else:
                self._take(step)
                request = LoginStepOf(bot=self.bot, after=step.number, seconds=POLL_S)
        self._drop_picture()
        self.repaint()

    def _take(self, step: LoginStep) -> None:
        """What answers a key and what was waited for may be the same step, or come in the other order."""
        if self.view.step is not None and step.number <= self.view.step.number:
            return
        self.view.take(step)
        self._open_box()
        self.repaint()

    # Answering.

    def _open_box(self) -> None:
        """The line to type into, for what is asked next."""
        asked, step = self.view.asked, self.view.step
        self.box.display = bool(asked)
        self.box.write("")
        if asked and step is not None:
            self.box.password = asked in step.secret
            self.box.focus()
        else:
            self.set_focus(None)

    def on_descendant_focus(self) -> None:
        self.call_after_refresh(self.repaint)

    def on_descendant_blur(self) -> None:
        self.call_after_refresh(self.repaint)

    @on(Input.Submitted)
    async def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        asked, step = self.view.asked, self.view.step
        if not asked or step is None or not event.value.strip():
            return
        self.view.words[asked] = event.value.strip()
        self._open_box()
        self.repaint()
        if not self.view.asked:
            self.start(next(each for each in self.actions if each.id == "login.do"), self._answer(self.view.words))

    async def _answer(self, words: Mapping[str, str]) -> None:
        """What is refused is asked again."""
        try:
            step: LoginStep = await self.shell.control.call(LoginAnswer(bot=self.bot, words=dict(words)))
        except KagamiError:
            self.view.words = {}
            self._open_box()
            raise
        self._take(step)

    def _move(self, step: int) -> None:
        if self.view.step is not None and self.view.step.choices:
            self.view.chosen = (self.view.chosen + step) % len(self.view.step.choices)
            self.repaint()

    async def action_pick(self, place: int) -> None:
        """A click on a choice."""
        self.view.chosen = place
        self.action_act("login.do")

    async def _do(self) -> None:
        if self.view.kind == "choose" and self.view.step is not None:
            await self._answer({"choice": self.view.step.choices[self.view.chosen].key})
        elif self.view.asked:
            self.box.focus()
        else:
            self.dismiss(self.view.kind == "done")

    async def _new(self) -> None:
        if self.view.over:
            self._begin()
        else:
            await self.shell.control.call(LoginRefresh(bot=self.bot))
            self._note(self.t(mark("another code was asked for")))

    async def _end(self) -> None:
        await self.shell.control.call(LoginEnd(bot=self.bot))

    def _leave(self) -> None:
        """One thing after the other: the code alone, the line that is typed into, then all of it."""
        if self.view.alone:
            self._show_alone()
            return
        if self.box.has_focus:
            self.set_focus(None)
            return
        if not self.view.over:
            self.shell.say(
                self.t(mark("{bot}: the login goes on")).format(bot=visible(self.name_of)),
                self.t(mark("l shows it again")),
            )
        self.dismiss(self.view.kind == "done")

    # The code.

    @property
    def link(self) -> str:
        """What a person opens, else what the code says."""
        step = self.view.step
        return (step.link or step.qr) if step is not None else ""

    def _copy(self) -> None:
        self.shell.copy(self.link)
        self._note(self.t(mark("copied")))

    async def _open(self) -> None:
        done = await open_link(self._opener, self.link)
        self._note(
            self.t(mark("the browser has it")) if done else self.t(mark("no browser took it: y copies the link"))
        )

    def _save(self) -> None:
        """It is deleted when the login is over or left: who has it can log in."""
        if self.view.code is None:
            return
        try:
            self._picture = keep(png(self.view.code), state_path(os.environ).with_name("login.png"))
        except OSError as error:
            self._note(str(error))
        else:
            self._note(self.t(mark("until the login ends: {path}")).format(path=visible(str(self._picture))))

    def _drop_picture(self) -> None:
        if self._picture is not None:
            self._picture.unlink(missing_ok=True)
            self._picture = None

    def _show_alone(self) -> None:
        view = self.view
        if not view.alone and view.code is not None and not view.code.quiet(view.shape, *self.size):
            columns, rows = view.code.least(view.shape)
            self._note(self.t(mark("alone, by z, it needs {columns}×{rows}")).format(columns=columns, rows=rows))
            return
        view.alone = not view.alone
        self._note("")

    def _shape(self, *, inverted: bool | None = None, halves: bool | None = None, scale: int | None = None) -> None:
        before = self.view.shape
        self.view.shape = before._replace(
            inverted=before.inverted if inverted is None else inverted,
            halves=before.halves if halves is None else halves,
            scale=before.scale if scale is None else scale,
        )
        self._note("")

    def _scale(self, step: int) -> None:
        """Larger only as far as there is room."""
        view = self.view
        wanted = view.shape._replace(scale=max(1, min(MOST_SCALE, view.shape.scale + step)))
        size = self.sheet.size
        if step > 0 and not (
            view.code and view.code.quiet(wanted, *self.size) if view.alone else view.room(*size, wanted)
        ):
            self._note(self.t(mark("there is no room for that")))
            return
        self._shape(scale=wanted.scale)

    async def _help(self) -> None:
        rows = [row for text in QR_HELP for row in (self.t(text), "")]
        await self.app.push_screen_wait(AnswerReader(self.shell, self.t(_HELP.text), rows[:-1]))
