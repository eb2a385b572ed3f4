"""Everything an operator can do."""

from __future__ import annotations

from kagami.operations import bots, broadcast, logs, messages, people, plugins, system, traces
from kagami.operations.registry import Registry


def registry() -> Registry:
    """All operations."""
    topics = (bots, broadcast, logs, messages, people, plugins, system, traces)
    return Registry(each for topic in topics for each in topic.OPERATIONS)
