"""Everything an operator can do."""

from __future__ import annotations

from kagami.operations import (
    audit,
    backup,
    bots,
    broadcast,
    cluster,
    guard,
    logs,
    messages,
    people,
    plugins,
    privacy,
    routes,
    sending,
    settings,
    system,
    traces,
    trying,
    workers,
)
from kagami.operations.registry import Registry


def registry() -> Registry:
    """All operations."""
    topics = (
        audit,
        backup,
        bots,
        broadcast,
        cluster,
        guard,
        logs,
        messages,
        people,
        plugins,
        privacy,
        routes,
        sending,
        settings,
        system,
        traces,
        trying,
        workers,
    )
    return Registry(each for topic in topics for each in topic.OPERATIONS)
