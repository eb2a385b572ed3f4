"""Options of more than one command: those that every one takes, before or after its name, and those of the UI."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kagami import __version__
from kagami.cli.given import Globals
from kagami.cli.printed import as_json
from kagami.errors import KagamiError
from kagami.i18n import LANGUAGES, Translate
from kagami.log import escape

__all__ = [
    "HELP",
    "Command",
    "Globals",
    "Group",
    "looks_options",
    "shared",
    "tell",
    "trust_options",
    "wanted_language",
]

# Those of `kagami.tui.switches`, which a line of help need not load.
COLORS = ("auto", "truecolor", "256", "16", "none")
HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Command(click.Command):
    """A command that takes the shared options too."""

    def __init__(self, name: str, t: Translate, **attributes: Any) -> None:
        super().__init__(name, context_settings=HELP, **attributes)
        self.params += shared(t)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # the parser leaves it out, and then the help of another command is named
            raise


class Group(click.Group):
    """A group that takes the shared options too."""

    def __init__(self, name: str, t: Translate, **attributes: Any) -> None:
        super().__init__(name, context_settings=HELP, **attributes)
        self.params += shared(t)


def shared(t: Translate) -> list[click.Parameter]:
    return [
        _option("--home", "home", type=click.Path(path_type=Path), metavar="DIR", help=t("Where everything is kept.")),
        _option(
            "--config",
            "asked_config",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help=t("Read this file instead of the home's kagami.toml."),
        ),
        _option("--json", "as_json", is_flag=True, help=t("Answer in JSON on standard output.")),
        _option("--lang", "asked_language", type=click.Choice(LANGUAGES), help=t("Language of what is shown.")),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_version,
            help=t("Show the version."),
        ),
    ]


def trust_options(t: Translate) -> list[click.Parameter]:
    file = click.Path(path_type=Path)
    return [
        click.Option(["--token-file"], type=file, metavar="FILE", help=t("Read the API token from this file.")),
        click.Option(["--ca-file"], type=file, metavar="FILE", help=t("Trust the certificates of this authority.")),
        click.Option(["--insecure"], is_flag=True, help=t("Send the token over a line that others can read.")),
    ]


def looks_options(t: Translate) -> list[click.Parameter]:
    """How the UI shall look, where the terminal does not say it well enough."""
    return [
        click.Option(
            ["--glyphs"], type=click.Choice(["full", "safe", "ascii"]), help=t("Signs that the UI draws with.")
        ),
        click.Option(["--theme"], type=click.Choice(["night", "paper", "ansi"]), help=t("Colours of the UI.")),
        click.Option(["--mouse/--no-mouse"], default=True, help=t("Whether the UI listens to the mouse.")),
        click.Option(
            ["--color"],
            type=click.Choice(COLORS),
            default="auto",
            help=t("How many colours the UI may use."),
        ),
        click.Option(["--read-only"], is_flag=True, help=t("Only look: the UI changes nothing.")),
        click.Option(["--fresh"], is_flag=True, help=t("Forget what the last UI remembered.")),
    ]


def _option(flag: str, name: str, **attributes: Any) -> click.Option:
    return click.Option([flag, name], expose_value=False, callback=_keep(name), **attributes)


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(context: click.Context, _: click.Parameter, value: Any) -> None:
        if value:  # absent here must not undo what was given before the command
            setattr(context.find_object(Globals), name, value)

    return keep


def _show_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"kagami {__version__}")
        context.exit()


def wanted_language(arguments: list[str]) -> str | None:
    """The value of `--lang`, found before the line is parsed, because parsing may already have to explain something."""
    for place, argument in enumerate(arguments):
        flag, _, value = argument.partition("=")
        if flag == "--lang":
            return value or next(iter(arguments[place + 1 :]), None)
    return None


def tell(error: KagamiError, given: Globals) -> int:
    """Say what went wrong, on standard error, or as JSON on standard output; returns the exit code."""
    text = given.hint(error.text(given.t))
    if given.as_json:
        told: dict[str, Any] = {"code": error.code, "message": text}
        click.echo(as_json({"error": told}))
    else:
        click.echo(f"kagami: {escape(text)}", err=True)
    return error.exit_code
