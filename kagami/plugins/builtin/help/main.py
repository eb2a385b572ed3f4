"""`/help`: the commands of all plugins, and how each is written."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.plugins.api import CommandLine, Context, Plugin, Settings

plugin = Plugin()


@plugin.command("help", aliases=["帮助"], summary=mark("Show all commands, or how one is written."))
async def show_help(ctx: Context[Settings], command: str | None = None) -> str:
    lines = [line for line in ctx.commands if not line.operator]
    if command is None:
        return "\n".join([ctx.t("Commands:"), *(_short(ctx, line) for line in lines)])
    wanted = command.casefold()
    for line in lines:
        if any(wanted.endswith(name.casefold()) and _named(wanted, name) for name in (line.name, *line.aliases)):
            return _long(ctx, line)
    return ctx.t("There is no command named {name}.").format(name=command)


def _named(wanted: str, name: str) -> bool:
    """`help` and `/help` both name the command `help`."""
    head = wanted.removesuffix(name.casefold())
    return not any(sign.isalnum() for sign in head)


def _short(ctx: Context[Settings], line: CommandLine) -> str:
    return f"{line.usage}  {ctx.t(line.summary)}" if line.summary else line.usage


def _long(ctx: Context[Settings], line: CommandLine) -> str:
    parts = [ctx.t("Usage: {usage}").format(usage=line.usage)]
    if line.summary:
        parts.append(ctx.t(line.summary))
    if line.aliases:
        parts.append(ctx.t("Also: {names}").format(names=", ".join(line.aliases)))
    return "\n".join(parts)
