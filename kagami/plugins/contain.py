"""The border between Kagami and code that others wrote: whatever that code raises becomes a `PluginError`."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from kagami.errors import KagamiError, PluginError

Result = TypeVar("Result")


async def contained(plugin: str, work: Awaitable[Result]) -> Result:
    """Await a plugin's `work`. Our own errors pass; every other one, `SystemExit` too, becomes a `PluginError`.

    Cancellation passes: it is how the host itself ends what runs too long.
    """
    try:
        return await work
    except KagamiError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(plugin=plugin, reason=describe(error)) from error


def describe(error: BaseException) -> str:
    """`ValueError: the text`, or the bare name of an error without a text."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
