"""The topics of operations, of which a page of help only needs the names."""

from __future__ import annotations

from typing import Any

import click

from kagami.cli.backing import backup_alone, now_command, verify_backup_command
from kagami.cli.keeping import reseal_command, verify_command
from kagami.cli.options import Group
from kagami.i18n import Translate, mark

TOPICS = {
    "audit": mark("Who did what, and whether its record is whole."),
    "backup": mark("Backups of everything that is kept."),
    "bots": mark("Accounts and their connections."),
    "cluster": mark("Processes that share the work on one database."),
    "guard": mark("Who and what is kept out."),
    "logs": mark("The engine's log."),
    "messages": mark("Messages, their search, dead letters and clean-up."),
    "people": mark("People, their API tokens, sessions and roles."),
    "plugins": mark("Plugins, their versions and reloads."),
    "routes": mark("Rules that say who handles what."),
    "settings": mark("Settings, their origin and their history."),
    "system": mark("The engine itself."),
    "traces": mark("One event's way through Kagami."),
    "workers": mark("Applications that handle events."),
}


class Topic(Group):
    """A topic, whose verbs are not made before they are asked for."""

    def __init__(self, name: str, t: Translate, **attributes: Any) -> None:
        super().__init__(name, t, help=t(TOPICS[name]), **attributes)
        self._topic, self._t = name, t

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._fill()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._fill()
        return super().get_command(ctx, cmd_name)

    def _fill(self) -> None:
        if self.commands:
            return
        from kagami.cli.operations import verbs  # noqa: PLC0415 (loads all operations)

        self.commands = verbs(self._topic, self._t)
        if self._topic == "audit":  # what works on the store itself needs no running engine
            self.commands["verify"] = verify_command(self._t, self.commands["verify"])
            self.commands["reseal"] = reseal_command(self._t)
        if self._topic == "backup":  # what is asked for encrypted never comes without it
            self.commands["now"] = now_command(self._t, self.commands["now"])
            self.commands["verify"] = verify_backup_command(self._t, self.commands["verify"])
        if self._topic == "bots":  # a login goes on, step after step
            from kagami.cli.bot_login import login_command  # noqa: PLC0415

            self.commands["login"] = login_command(self._t, self.commands["login"])


def topic(name: str, t: Translate) -> Topic | None:
    """The group of a topic, with a command for each verb; None when there is none of this name."""
    if name not in TOPICS:
        return None
    return Topic(name, t, **(backup_alone(t) if name == "backup" else {}))
