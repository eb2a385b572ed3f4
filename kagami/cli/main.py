"""Parses the line, runs the command, and turns every error into one sentence and an exit code."""

from __future__ import annotations

import gettext
import os
import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import click

from kagami.cli.commands import commands
from kagami.cli.console import Looks, open_console
from kagami.cli.options import Globals, Group, looks_options, tell, wanted_language
from kagami.cli.run import INTERRUPTED, survive_odd_encodings
from kagami.cli.topics import TOPICS, topic
from kagami.errors import KagamiError, UsageError
from kagami.i18n import Translate, choose, mark, translator

_EXTRA = re.compile(r"Got unexpected extra arguments? \((\S+?)[ )]")
# What click says itself on pages of help and in questions; it finds our translations by these words.
CLICKS = (
    mark("Usage:"),
    mark("Options"),
    mark("Commands"),
    mark("Show this message and exit."),
    mark("Error: invalid input"),
)


class Root(Group):
    """`kagami` itself: its commands, then the topics of operations."""

    def __init__(self, t: Translate) -> None:
        text = t("Kagami connects chat accounts to plugins. Without a command: the engine with its terminal UI.")
        super().__init__("kagami", t, callback=_open, params=looks_options(t), invoke_without_command=True, help=text)
        self._t = t
        self.commands = commands(t)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [*self.commands, *sorted(TOPICS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        return self.commands.get(cmd_name) or topic(cmd_name, self._t)


@click.pass_context
def _open(context: click.Context, /, **looks: Any) -> int:
    return 0 if context.invoked_subcommand else open_console(context.ensure_object(Globals), Looks(**looks))


def main(arguments: list[str], environ: MutableMapping[str, str] | None = None) -> int:
    """Run one command line; returns the exit code."""
    environ = os.environ if environ is None else environ
    language = choose(wanted_language(arguments) or environ.get("KAGAMI_LANGUAGE"), environ)
    given = Globals(translator(language), language, environ)
    _speak(language)
    survive_odd_encodings()
    try:
        return int(Root(given.t).main(arguments, "kagami", standalone_mode=False, obj=given) or 0)
    except KagamiError as error:
        return tell(error, given)
    except click.exceptions.NoArgsIsHelpError as error:  # a topic alone: its verbs are the answer
        click.echo(error.format_message(), err=True)
        return UsageError.exit_code
    except click.ClickException as error:
        return tell(UsageError(reason=explain(error, given.t)), given)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED


def explain(error: click.ClickException, t: Translate) -> str:
    """What is wrong with the line, in our words where they exist, and where help is."""
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "kagami"
    return t("{reason} See: {command}").format(reason=_wrong(error, t), command=f"{command} --help")


def _wrong(error: click.ClickException, t: Translate) -> str:
    match error:
        case click.NoSuchOption(option_name=name, possibilities=near):
            text = t("There is no option {}.").format(name)
        case click.NoSuchCommand(command_name=name, possibilities=near):
            text = t("There is no command {}.").format(name)
        case click.MissingParameter(param=click.Option() as param):
            shown = " ".join(filter(None, (max(param.opts, key=len), param.metavar)))
            return " ".join(filter(None, (t("{} is missing.").format(shown), param.help)))
        case click.MissingParameter(param=click.Argument() as param):
            return t("{} is missing.").format(param.metavar or param.name)
        case click.BadParameter(param=click.Parameter() as param):
            name, near = max(param.opts, key=len), None
            text = t("{}: {} is expected.").format(name, _expected(param.type, t))
        case click.BadOptionUsage():
            return _unfilled(error, t)
        case _:
            return _spare(error, t)
    return t("{text} Did you mean {near}?").format(text=text, near=next(iter(near))) if near else text


def _spare(error: click.ClickException, t: Translate) -> str:
    """A word for which there is no place; what click says of all else."""
    extra = _EXTRA.match(error.format_message())
    return t("{} is one word too many.").format(extra[1]) if extra else error.format_message()


def _unfilled(error: click.BadOptionUsage, t: Translate) -> str:
    """An option without its value, or without all of them."""
    name = error.option_name
    if error.message.endswith("requires an argument."):
        return t("The option {} needs a value.").format(name)
    params = error.ctx.command.params if error.ctx else []
    taken = next((each.metavar for each in params if name in each.opts and each.nargs > 1), "")
    return t("The option {} needs these values: {}.").format(name, taken) if taken else error.format_message()


def _expected(kind: click.ParamType[Any], t: Translate) -> str:
    if isinstance(kind, click.Choice):
        return t("one of {}").format(", ".join(str(each) for each in kind.choices))
    names = {"integer": t("a whole number"), "float": t("a number")}
    return names.get(kind.name, t("a text"))


def _speak(language: str) -> None:
    """Let click's own sentences come from our catalogue: it asks gettext for the process's language."""
    gettext.bindtextdomain("kagami", str(Path(__file__).parents[1] / "locale"))
    gettext.textdomain("kagami")
    os.environ["LANGUAGE"] = language
