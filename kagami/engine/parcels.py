"""The plugins of an engine among several: the same versions as the others have."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kagami.engine.tools import Tools
from kagami.home import keep_secret
from kagami.i18n import mark

if TYPE_CHECKING:
    from kagami.engine.cluster import Cluster
    from kagami.plugins.host import Host

NAME = "packages_key"
LACKING = mark("{plugin} {version} of the other processes is not served here: {reason}")


def open_stock(tools: Tools, host: Host) -> None:
    """Before anything is loaded: what there is comes from the others too. Nothing changes where there are none."""
    settings = tools.settings
    if tools.store.cluster is None:
        return
    from kagami.plugins.parcels import ClusterStock  # noqa: PLC0415 (few engines are one of several)

    stock = host.fleet.stock = ClusterStock(
        settings.plugins_dir,
        tools.store.packages,
        tools.store.cluster[1],
        tools.clock,
        secret=keep_secret(settings.home, NAME, tools.translate),
        node=settings.cluster.node,
        role=settings.cluster.role,
        patience_s=settings.cluster.lease_seconds,
        index_url=lambda: tools.settings.plugins.market.packages,
    )
    stock.runs = partial(_runs, host)


def _runs(host: Host, plugin: str, version: str) -> bool:
    line = host.fleet.lines.get(plugin)
    return line is not None and any(each.version == version for each in (*line.running, *line.leaving))


def share_stock(tools: Tools, host: Host, cluster: Cluster) -> None:
    """Tell the others what is here, and follow what they bring."""
    from kagami.plugins.parcels import ClusterStock  # noqa: PLC0415

    stock = host.fleet.stock
    if not isinstance(stock, ClusterStock):
        return
    stock.node, stock.announce = cluster.member.node, cluster.announce
    cluster.plugins = lambda: stock.inventory

    def tell(plugin: str, version: str, reason: str) -> None:
        host.fleet.tell("error", "plugin", LACKING, plugin=plugin, version=version, reason=reason)

    tools.nursery.keep("plugins of all", lambda: stock.run(host.fleet.follow, tell))
