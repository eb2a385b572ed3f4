"""`kagami service`: the engine as a service of systemd, of this user or of the machine."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import click

from kagami.cli.options import Command, Globals, Group
from kagami.cli.printed import as_json
from kagami.errors import Conflict, NotFound, UsageError
from kagami.i18n import Translate
from kagami.log import escape

NAME = "kagami.service"
SYSTEM = Path("/etc/systemd/system")
# Of an engine: its stop may take 30 s, its loop may stand still for less than a minute.
STOP_S, WATCHDOG_S = 40, 60
# Exit codes that starting again cannot mend: wrong usage, home busy, configuration refused.
FINAL = "64 75 78"

_UNIT = """\
[Unit]
Description=Kagami, which connects chat accounts to plugins
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
ExecStart={command}
Restart=on-failure
RestartSec=2
RestartPreventExitStatus={final}
TimeoutStopSec={stop}
WatchdogSec={watchdog}
KillMode=mixed
UMask=0077
NoNewPrivileges=true
PrivateTmp=true
{more}
[Install]
WantedBy={target}
"""
_SYSTEM_ONLY = """\
User={user}
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={home}
PrivateDevices=true
ProtectKernelTunables=true
ProtectControlGroups=true
RestrictSUIDSGID=true
"""


def service_commands(t: Translate) -> Group:
    """`install`, `show` and `remove`."""
    system = click.Option(["--system"], is_flag=True, help=t("For the whole machine, as root; else for this user."))
    user = click.Option(["--user", "user"], default="", metavar=t("TEXT"), help=t("With --system: who it runs as."))
    start = click.Option(["--now/--no-now", "now"], default=True, help=t("Start it too, and at every boot."))
    group = Group("service", t, help=t("Kagami as a service of systemd."))
    group.add_command(
        Command("install", t, callback=_install, params=[system, user, start], help=t("Write the unit and start it."))
    )
    group.add_command(Command("show", t, callback=_show, params=[system, user], help=t("Show the unit only.")))
    group.add_command(Command("remove", t, callback=_remove, params=[system], help=t("Stop it and remove the unit.")))
    return group


def unit(given: Globals, *, system: bool, user: str) -> str:
    """The text of the unit file. Everything in it is quoted for systemd."""
    words = [*program(given.environ), "--home", str(given.place.path)]
    if given.config is not None:
        words += ["--config", str(given.config.absolute())]
    home = _quoted(str(given.place.path))
    return _UNIT.format(
        command=" ".join(map(_quoted, [*words, "run"])),
        final=FINAL,
        stop=STOP_S,
        watchdog=WATCHDOG_S,
        more=_SYSTEM_ONLY.format(user=user, home=home) if system else "",
        target="multi-user.target" if system else "default.target",
    )


def program(environ: Mapping[str, str]) -> list[str]:
    """The words that start Kagami as it runs now. What one file was unpacked into is a cache, and may go."""
    if environ.get("KAGAMI_FILE"):
        return [environ["KAGAMI_FILE"]]
    if zipfile.is_zipfile(sys.argv[0]):
        return [sys.executable, os.path.abspath(sys.argv[0])]  # noqa: PTH100 - a link to it may be moved on purpose
    return [sys.executable, "-m", "kagami"]


def _quoted(word: str) -> str:
    """One word of a unit file, systemd.service(5): quotes, specifiers and variables lose their meaning."""
    if not word.isprintable():
        raise UsageError(reason=f"{escape(word)} cannot be written into a unit file.")
    plain = word.replace("%", "%%").replace("$", "$$")
    if all(each.isalnum() or each in "/._-=%$@:+" for each in plain):
        return plain
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


@click.pass_obj
def _install(given: Globals, /, system: bool, user: str, now: bool) -> int:
    text = unit(given, system=system, user=_owner(given, system=system, user=user))
    path = _path(given, system=system)
    given.settings()  # what the configuration refuses is better said here than in a journal
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        fix = given.t("Use sudo, or leave out --system.") if system else given.t("Check the path and its permissions.")
        raise UsageError(reason=f"{path}: {error.strerror}. {fix}") from None
    _control(given, ["daemon-reload"], system=system)
    if now:
        _control(given, ["enable", "--now", NAME], system=system)
    if given.as_json:
        click.echo(as_json({"unit": str(path), "started": now}))
        return 0
    click.echo(given.t("Written: {}").format(path))
    click.echo(given.t("See it with: {}").format(" ".join(_words(["status", NAME], system=system))))
    if not system:
        click.echo(given.t("To keep it running when you log out: {}").format("loginctl enable-linger"))
    return 0


@click.pass_obj
def _show(given: Globals, /, system: bool, user: str) -> int:
    click.echo(unit(given, system=system, user=_owner(given, system=system, user=user)), nl=False)
    return 0


@click.pass_obj
def _remove(given: Globals, /, system: bool) -> int:
    path = _path(given, system=system)
    if not path.exists():
        raise NotFound(what="unit", name=path)
    _control(given, ["disable", "--now", NAME], system=system)
    path.unlink()
    _control(given, ["daemon-reload"], system=system)
    click.echo(given.t("Removed: {}").format(path))
    return 0


def _owner(given: Globals, *, system: bool, user: str) -> str:
    """Who the machine's service runs as: whom the line names, else whoever owns the home; never root unasked."""
    if not system:
        if user:
            raise UsageError(reason=given.t("--user goes with --system only."))
        return ""
    home = given.place.path
    found = user or (home.owner() if home.exists() else "")
    if not found or (found == "root" and not user):
        raise UsageError(reason=given.t("Name with --user who it runs as; that user must own {}.").format(home))
    return found


def _path(given: Globals, *, system: bool) -> Path:
    if system:
        return SYSTEM / NAME
    kept = given.environ.get("XDG_CONFIG_HOME", "")
    return (Path(kept) if kept else Path.home() / ".config") / "systemd" / "user" / NAME


def _words(words: list[str], *, system: bool) -> list[str]:
    return ["systemctl", *([] if system else ["--user"]), *words]


def _control(given: Globals, words: list[str], *, system: bool) -> None:
    program = shutil.which("systemctl")
    if program is None:
        raise Conflict(reason=given.t("There is no systemctl here: this machine does not run systemd."))
    called = _words(words, system=system)
    import subprocess  # noqa: PLC0415 (what only prints the unit, or its help, starts nothing)

    done = subprocess.run([program, *called[1:]], capture_output=True, text=True, check=False, env=dict(os.environ))  # noqa: S603
    if done.returncode:
        said = f"{' '.join(called)}: {escape(done.stderr.strip().partition(chr(10))[0])}."
        fix = given.t("Use sudo.") if system else given.t("It needs a session of this user's own: log in as that user.")
        raise Conflict(reason=f"{said} {fix}")
