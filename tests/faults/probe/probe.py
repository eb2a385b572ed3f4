"""Writes down what it is asked to handle, in a file that no kill of Kagami can take back, and answers."""

from __future__ import annotations

import os

from kagami.plugins.api import Context, Plugin, Settings


class ProbeSettings(Settings):
    journal: str = ""


plugin = Plugin(settings=ProbeSettings)


@plugin.command("probe")
async def probe(ctx: Context[ProbeSettings], conversation: str, number: int) -> str:
    """Note the message, count its effect, answer."""
    # What write(2) took survives the death of the process; only a power cut would ask for more.
    journal = os.open(ctx.settings.journal, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    os.write(journal, f"{conversation} {number} {ctx.event.execution} {os.getpid()}\n".encode())
    os.close(journal)
    key = f"done:{conversation}:{number}"
    await ctx.store.put(key, int(await ctx.store.get(key) or 0) + 1)
    return f"re {conversation} {number}"
