"""A handler in a module of its own, as of a plugin that a test adds something to."""

from __future__ import annotations

from kagami.plugins.api import Context, Settings


async def hello(ctx: Context[Settings]) -> str:
    return "hello"
