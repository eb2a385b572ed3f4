"""`kagami bots login NAME`: the QR code in a plain terminal, and every step of a login until it is over."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import msgspec

from kagami.cli.console import has_terminal
from kagami.cli.operations import read_request
from kagami.cli.options import Command, Globals
from kagami.cli.printed import as_json
from kagami.core.qr import Code, Shape, encode, png, runs
from kagami.errors import UsageError
from kagami.i18n import Translate
from kagami.log import escape
from kagami.operations import registry
from kagami.operations.bots import LoginAnswer, LoginStepOf
from kagami.ports import Control, LoginStep
from kagami.ports.login import ASKED

POLL_S = 20.0
WORDS_ROWS = 4  # what a code leaves for the words above and below it
# White on white and white on black, of the 256 colours: themes leave these alone.
LIGHT, MODULES, PLAIN = "\x1b[38;5;231;48;5;231m", "\x1b[38;5;231;48;5;16m", "\x1b[0m"


def login_command(t: Translate, called: click.Command) -> Command:
    """`called` is the operation's own command, of which this keeps name, help and fields."""
    own = [
        click.Option(["--ascii", "plain"], is_flag=True, help=t("Draw the code with ASCII characters alone.")),
        click.Option(["--invert"], is_flag=True, help=t("Swap dark and light.")),
        click.Option(
            ["--picture"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            help=t("Write the code to this PNG file too; it is deleted when the login is over."),
        ),
    ]
    fields = [each for each in called.params if each.name in ("nameless", "bot")]
    return Command("login", t, callback=_login, params=[*fields, *own], help=called.help)


@click.pass_obj
def _login(
    given: Globals, /, nameless: tuple[str, ...], bot: str | None, plain: bool, invert: bool, picture: Path | None
) -> int:
    request = read_request(registry().find("bots.login"), nameless, {} if bot is None else {"bot": bot}, given.t)
    halves = not plain and "utf" in sys.stdout.encoding.lower()
    look = Look(Shape(halves=halves, inverted=invert), colours="NO_COLOR" not in given.environ, picture=picture)
    return asyncio.run(_follow(given, request, look))


async def _follow(given: Globals, request: msgspec.Struct, look: Look) -> int:
    from kagami.client import HttpControl  # noqa: PLC0415 (loads an HTTP library)

    control = HttpControl(registry(), given.place.socket)
    try:
        if given.as_json:
            return await follow(control, request, _print_json)
        talk = Talk(given.t, look, asks=has_terminal())
        return await follow(control, request, talk.show, talk.wait)
    finally:
        look.drop_picture()
        await control.close()


def _print_json(step: LoginStep) -> None:
    click.echo(as_json(step))


Show = Callable[[LoginStep], dict[str, str] | None]
"""Shows a step, and returns the words that answer it where there are any."""


async def follow(control: Control, request: Any, show: Show, wait: Callable[[], None] = lambda: None) -> int:
    """Every step of the login that `request` begins or joins; 0 when the account is logged in, else 1.

    `wait` is called when nothing has come of a step for a while.
    """
    step: LoginStep = await control.call(request)
    shown = 0
    while True:
        if step.number == shown:
            wait()
        words = show(step) if step.number != shown else None
        shown = step.number
        if step.over:
            return int(step.kind != "done")
        if words:
            step = await _answered(control, LoginAnswer(bot=request.bot, words=words))
            shown = min(shown, step.number - 1)  # what was refused is asked again
        else:
            step = await control.call(LoginStepOf(bot=request.bot, after=step.number, seconds=POLL_S))


async def _answered(control: Control, answer: LoginAnswer) -> LoginStep:
    try:
        answered: LoginStep = await control.call(answer)
    except UsageError as error:
        click.echo(escape(str(error)), err=True)
        answered = await control.call(LoginStepOf(bot=answer.bot))
    return answered


@dataclass(slots=True)
class Look:
    """How a code is drawn, and where else it is written."""

    shape: Shape
    colours: bool = True
    picture: Path | None = None
    written: bool = False

    def rows(self, code: Code, quiet: int) -> list[str]:
        drawn = code.drawn(self.shape, quiet)
        if not self.colours:
            return drawn
        return ["".join(f"{LIGHT if light else MODULES}{text}" for text, light in runs(row)) + PLAIN for row in drawn]

    def write_picture(self, code: Code) -> None:
        if self.picture is not None:
            from kagami.tui.clipboard import keep  # noqa: PLC0415

            keep(png(code), self.picture)
            self.written = True

    def drop_picture(self) -> None:
        if self.picture is not None and self.written:
            self.picture.unlink(missing_ok=True)


class Talk:
    """Steps as text for a person; where nobody can be `asks`ed, what has to be done elsewhere."""

    def __init__(self, t: Translate, look: Look, *, asks: bool) -> None:
        self._t = t
        self._look = look
        self._asks = asks
        self._waits = False

    def wait(self) -> None:
        """Said once: whoever looks at a code that does nothing does not know that something goes on."""
        if not self._waits:
            self._waits = True
            click.echo(self._t("Nothing has come of it yet. It waits on; Ctrl+C leaves it."), err=True)

    def show(self, step: LoginStep) -> dict[str, str] | None:
        click.echo(escape(step.words(self._t)), err=step.kind == "failed")
        if step.link:
            click.echo(escape(step.link))
        if step.qr:
            self._code(step)
        if step.kind not in ("choose", "ask"):
            return None
        if not self._asks:
            raise UsageError(reason=self._t("This login asks for something: call it in a terminal, or use --json."))
        return self._choice(step) if step.kind == "choose" else self._words(step)

    def _code(self, step: LoginStep) -> None:
        """Never into a file or a log: whoever reads it could log in."""
        t = self._t
        try:
            code = encode(step.qr)
            self._look.write_picture(code)
        except (ValueError, OSError) as error:
            click.echo(escape(str(error)), err=True)
            return
        if not self._asks:
            told = t("Its QR code is drawn in a terminal alone: call it there, or scan it on the console (Bots, l).")
            click.echo(told, err=True)
            return
        size = shutil.get_terminal_size()
        quiet = code.quiet(self._look.shape, size.columns, size.lines - WORDS_ROWS)
        if quiet:
            click.echo("\n".join(self._look.rows(code, quiet)), color=True)
        else:
            columns, rows = code.least(self._look.shape)
            need = t("The code needs {columns}×{rows} cells, and there are {there}: make the window larger, or use")
            there = f"{size.columns}×{size.lines - WORDS_ROWS}"
            click.echo(f"{need.format(columns=columns, rows=rows, there=there)} --picture FILE.", err=True)
        if step.until_ms:
            left = max(0, step.until_ms - int(time.time() * 1000)) // 1000
            click.echo(t("It ends in {seconds} s; then comes another.").format(seconds=left))

    def _choice(self, step: LoginStep) -> dict[str, str]:
        for number, each in enumerate(step.choices, 1):
            click.echo(f"  {number}  {escape(self._t(each.label) if each.known else each.label)}")
        number = click.prompt(self._t("Which one"), type=click.IntRange(1, len(step.choices)))
        return {"choice": step.choices[number - 1].key}

    def _words(self, step: LoginStep) -> dict[str, str]:
        return {name: click.prompt(self._called(name), hide_input=name in step.secret) for name in step.asks}

    def _called(self, name: str) -> str:
        return self._t(ASKED[name]) if name in ASKED else escape(name)
