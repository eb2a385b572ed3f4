"""Leaves an effect in its own store for each message, answers, and writes what it saw into a file outside Kagami.

`$PROBE_FILE` is that file, one for all nodes; `$PROBE_NODE` is the name of the node that it runs in.
"""

from __future__ import annotations

import os
import time

import msgspec

from kagami.plugins.api import Context, Plugin, Settings

plugin = Plugin(max_age=1e12)
NODE = os.environ.get("PROBE_NODE", "one")


def note(**line: object) -> None:
    """What write(2) took survives the death of the process; lines of several processes do not mix."""
    file = os.open(os.environ["PROBE_FILE"], os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    os.write(file, msgspec.json.encode({**line, "at": time.time()}) + b"\n")
    os.close(file)


@plugin.command("probe")
async def probe(ctx: Context[Settings], conversation: str, number: int) -> str:
    """Count the message, append its number to the conversation's list, answer."""
    execution, attempt = ctx.event.execution, ctx.execution.attempts
    note(kind="ran", conversation=conversation, number=number, execution=execution, attempt=attempt, node=NODE)
    seen = await ctx.store.get(f"seen:{conversation}", [])
    await ctx.store.put(f"seen:{conversation}", [*seen, number])
    await ctx.store.put(f"count:{conversation}", await ctx.store.get(f"count:{conversation}", 0) + 1)
    return f"re {conversation} {number} {execution} {attempt} {NODE}"


@plugin.command("tell")
async def tell(ctx: Context[Settings], conversation: str) -> str:
    """Write down what the store holds of a conversation; comes behind all of its messages."""
    seen = await ctx.store.get(f"seen:{conversation}", [])
    count = await ctx.store.get(f"count:{conversation}", 0)
    note(kind="kept", conversation=conversation, numbers=seen, count=count)
    return f"told {conversation}"
