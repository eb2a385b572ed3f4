"""Commands beside the operations: starting, attaching, and looking at what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kagami.cli.console import Looks, Trust, attach, attach_at
from kagami.cli.keeping import keeping_commands
from kagami.cli.migrating import migrating_commands
from kagami.cli.options import Command, Globals, looks_options, trust_options
from kagami.cli.plugin import plugin_commands
from kagami.cli.printed import as_json
from kagami.cli.run import LOG_FORMATS, ROLES, serve
from kagami.cli.systemd import service_commands
from kagami.i18n import Translate


def commands(t: Translate) -> dict[str, click.Command]:
    """All of them by name, with their help in the language of `t`."""
    role = click.Option(["--role"], type=click.Choice(ROLES), help=t("Which part of the engine to run."))
    shape = click.Option(
        ["--log-format"], type=click.Choice(LOG_FORMATS), default="text", help=t("Shape of the log lines.")
    )
    url = click.Argument(["url"], required=False)
    force = click.Option(["--force"], is_flag=True, help=t("Replace a file that is already there."))
    napcat = click.Option(["--napcat"], is_flag=True, help=t("Also write a folder that runs NapCat, ready to log in."))
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
        Command(
            "init",
            t,
            callback=_init,
            params=[force, napcat],
            help=t("Write a kagami.toml that explains every setting."),
        ),
        Command("reset-term", t, callback=_reset_term, help=t("Mend a terminal that a program left in disorder.")),
        *keeping_commands(t),
        *migrating_commands(t),
    ]
    return {str(each.name): each for each in made} | {"plugin": plugin_commands(t), "service": service_commands(t)}


@click.pass_obj
def _run(given: Globals, /, role: str | None, log_format: str) -> int:
    return serve(given, role, log_format)


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
        click.echo(as_json(told))
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
def _init(given: Globals, /, force: bool, napcat: bool) -> int:
    from kagami.cli.begin import begin, stand_napcat  # noqa: PLC0415

    path = given.config or given.place.path / "kagami.toml"
    told = {"home": str(given.place.path), "config": str(path)}
    # A configuration that is there keeps everything else that is in it.
    if not (napcat and path.exists()):
        begin(given, path, force=force)
    folder = stand_napcat(given, path, force=force) if napcat else None
    if folder is not None:
        told["napcat"] = str(folder)
    if given.as_json:
        click.echo(as_json(told))
        return 0
    click.echo(given.t("Written: {}").format(path))
    click.echo(given.t("The token for implementations is in {}.").format(given.place.secrets / "gateway_token"))
    if folder is not None:
        click.echo(given.t("NapCat: cd {} && docker compose up -d").format(folder))
        click.echo(given.hint(given.t("Then log its QQ in: kagami bots login {}").format(folder.name)))
    click.echo(given.t("Start with: {}").format(given.program))
    return 0
