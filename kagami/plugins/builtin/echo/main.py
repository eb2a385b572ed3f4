"""`/echo`: the shortest plugin there is."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.plugins.api import Context, Plugin, Rest, Settings

plugin = Plugin()


@plugin.command("echo", summary=mark("Say the text again."))
async def echo(ctx: Context[Settings], text: Rest[str]) -> str:  # noqa: ARG001
    return text
