"""Everything an operator can do."""

from __future__ import annotations

from kagami.operations.registry import Registry


def registry() -> Registry:
    """All operations."""
    from kagami.operations import (  # noqa: PLC0415 (a console needs few of them to begin)
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
