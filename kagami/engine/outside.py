"""Applications outside as workers: the office that serves them, and the stream of events that they follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kagami import __version__
from kagami.config import Settings
from kagami.engine.tools import Tools

if TYPE_CHECKING:
    from kagami.engine.cluster import Cluster
    from kagami.gateway.office import Office
    from kagami.hub.hub import Hub


async def open_office(tools: Tools, hub: Hub, cluster: Cluster | None = None) -> Office:
    """It goes by `[[workers]]`. Nothing is kept in memory for followers before there is one."""
    from kagami.gateway.means import Means  # noqa: PLC0415
    from kagami.gateway.office import Office  # noqa: PLC0415
    from kagami.gateway.places import Places  # noqa: PLC0415
    from kagami.hub.tail import Tail  # noqa: PLC0415

    store = tools.store
    slot = (lambda: cluster.member.slot) if cluster else (lambda: 0)
    tail = Tail(store.history, lambda: store.ledger.newest, hub.hides, slot)
    means = Means(
        store=store,
        stream=tail,
        numbers=store.numbers,
        bots=hub.bots,
        posts=hub.workers,
        outbox=hub.outbox,
        privacy=tools.privacy,
        media=tools.media,
        places=Places(tail.slots, slot),
        nursery=tools.nursery,
        clock=tools.clock,
        meters=tools.meters,
        new_execution=tools.new_execution,
        version=__version__,
        common_ms=cluster.member.wall_ms if cluster else tools.clock.wall_ms,
        changed=cluster.tell if cluster else lambda: None,
    )
    office = Office(means)
    if cluster is not None:
        cluster.neighbours.serve(tail, office.give_way)

    async def adopt(wanted: Settings) -> None:
        if any(not table.pool and table.enabled for table in wanted.workers):
            tail.open()
            hub.follow(tail.put)
        await office.configure(wanted.workers)

    await adopt(tools.settings)
    tools.live.on(("workers",), adopt, "reopen")
    return office
