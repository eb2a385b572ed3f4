"""Commands beside the operations: starting, attaching, and looking at what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from kagami.cli.console import Looks, Trust, attach, attach_at, looks_options, trust_options
from kagami.cli.keeping import keeping_commands
from kagami.cli.options import Command, Globals
from kagami.cli.plugin import plugin_commands
from kagami.cli.systemd import service_commands
from kagami.errors import Conflict, UsageError
from kagami.i18n import Translate

ROLES = ("all", "gateway", "worker")


def commands(t: Translate) -> dict[str, click.Command]:
    """All of them by name, with their help in the language of `t`."""
    role = click.Option(["--role"], type=click.Choice(ROLES), default="all", help=t("Which part of the engine to run."))
    shape = click.Option(
        ["--log-format"], type=click.Choice(["text", "json"]), default="text", help=t("Shape of the log lines.")
    )
    url = click.Argument(["url"], required=False)
    force = click.Option(["--force"], is_flag=True, help=t("Replace a file that is already there."))
    made = [
        Command("run", t, callback=_run, params=[role, shape], help=t("Start the engine without a terminal UI.")),
        Command(
            "attach",
            t,
            callback=_attach,
            params=[url, *trust_options(t), *looks_options(t)],
            help=t("Open the terminal UI on a running engine."),
        ),
        Command("health", t, callback=_health, help=t("Tell whether the engine is ready; exit code 0 when it is.")),
        Command("doctor", t, callback=_doctor, help=t("Look for what is wrong and say how to mend it.")),
        Command("init", t, callback=_init, params=[force], help=t("Write a kagami.toml that explains every setting.")),
        Command("reset-term", t, callback=_reset_term, help=t("Mend a terminal that a program left in disorder.")),
        *keeping_commands(t),
    ]
    return {str(each.name): each for each in made} | {"plugin": plugin_commands(t), "service": service_commands(t)}


@click.pass_obj
def _run(given: Globals, /, role: str, log_format: str) -> int:
    if role != "all":
        raise UsageError(reason=given.t("This version runs everything in one process: use --role all."))
    settings = given.settings()
    from kagami.app import run_headless  # noqa: PLC0415 (loads the engine)

    return run_headless(settings, as_json=log_format == "json")


@click.pass_obj
def _attach(
    given: Globals, /, url: str | None, token_file: Path | None, ca_file: Path | None, insecure: bool, **looks: Any
) -> int:
    if url:
        return attach_at(url, Trust(token_file, ca_file, insecure), given, Looks(**looks))
    return attach(given, Looks(**looks))


def _reset_term() -> int:
    from kagami.tui.terminal import reset_terminal  # noqa: PLC0415

    reset_terminal()
    return 0


@click.pass_obj
def _health(given: Globals, /) -> int:
    from kagami.cli.health import ask_health  # noqa: PLC0415
    from kagami.cli.show import lines  # noqa: PLC0415

    ready, told = ask_health(given.place.socket)
    if given.as_json:
        click.echo(msgspec.json.encode(told))
    else:
        for line in lines(told, cut=False):
            click.echo(line)
    return 0 if ready else 1


@click.pass_obj
def _doctor(given: Globals, /) -> int:
    from kagami.cli.doctor import examine  # noqa: PLC0415
    from kagami.cli.findings import tell_findings  # noqa: PLC0415

    return tell_findings(examine(given), given)


@click.pass_obj
def _init(given: Globals, /, force: bool) -> int:
    from kagami.cli.template import write_template  # noqa: PLC0415
    from kagami.home import prepare  # noqa: PLC0415

    prepare(given.place, given.t)
    path: Path = given.config or given.place.path / "kagami.toml"
    if path.exists() and not force:
        raise Conflict(reason=given.t("{} is already there. Use --force to replace it.").format(path))
    draft = path.with_name(f".{path.name}.new")
    draft.touch(mode=0o600)
    draft.write_text(write_template(given.t), encoding="utf-8")
    draft.replace(path)
    given.settings()  # generates the secrets, and shows at once when the environment holds a mistake
    if given.as_json:
        click.echo(msgspec.json.encode({"config": str(path), "home": str(given.place.path)}))
        return 0
    click.echo(given.t("Written: {}").format(path))
    click.echo(given.t("The token for implementations is in {}.").format(given.place.secrets / "gateway_token"))
    click.echo(given.t("Start with: {}").format("kagami"))
    return 0
