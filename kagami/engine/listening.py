"""What listens: the gateway with the bots on both of its sides, and a clear word for a port that is taken."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from kagami.config import Settings
from kagami.engine.connections import Connections
from kagami.engine.live import language_of
from kagami.engine.outside import open_office
from kagami.engine.tools import Tools
from kagami.errors import SettingError
from kagami.i18n import translator
from kagami.sources import settable

if TYPE_CHECKING:
    from kagami.engine.cluster import Cluster
    from kagami.gateway.server import Gateway
    from kagami.hub.hub import Hub


async def open_gateway(stack: AsyncExitStack, tools: Tools, hub: Hub, cluster: Cluster | None) -> Gateway:
    """Where implementations and applications come to."""
    from kagami.adapters.onebot11.link import OneBotReception  # noqa: PLC0415
    from kagami.adapters.wxbot.codec import PLATFORM, WXBOT  # noqa: PLC0415
    from kagami.gateway.server import Gateway  # noqa: PLC0415

    settings, nursery, clock, meters = tools.settings, tools.nursery, tools.clock, tools.meters
    reception = OneBotReception(
        hub,
        clock=clock,
        nursery=nursery,
        meters=meters,
        config=settings.onebot11,
        media=tools.media,
        dialects={PLATFORM: WXBOT},
    )
    token = settings.gateway.token.reveal()
    office = await open_office(tools, hub, cluster)
    gateway = Gateway(settings.gateway, token=token, reception=reception, nursery=nursery, meters=meters, office=office)
    await listen(stack, gateway, settings, "gateway")
    tools.live.gateway_port = gateway.port

    async def move(wanted: Settings) -> None:
        with told(wanted, "gateway"):
            await gateway.configure(wanted.gateway, token=wanted.gateway.token.reveal())
        tools.live.gateway_port = gateway.port

    tools.live.on(("gateway",), move, "reopen")
    tools.live.on(("onebot11",), lambda wanted: reception.configure(wanted.onebot11))
    return gateway


async def connect_bots(tools: Tools, hub: Hub, connections: Connections, cluster: Cluster | None) -> None:
    """Go to those of the file: all of them, in a cluster a share."""
    if cluster is not None:
        cluster.connect(connections)
    await connections.configure(tools.settings.bots)

    async def redial(wanted: Settings) -> None:
        await connections.configure(wanted.bots)
        hub.outbox.configure(wanted.pace)

    tools.live.on(("bots",), redial, "reopen")


async def listen(stack: AsyncExitStack, part: Any, settings: Settings, section: str) -> None:
    """Open a part that listens."""
    with told(settings, section):
        await stack.enter_async_context(part)


@contextmanager
def told(settings: Settings, section: str) -> Iterator[None]:
    """A port that is taken is the user's to mend."""
    try:
        yield
    except OSError as error:
        t = translator(language_of(settings))
        place = settings.gateway if section == "gateway" else settings.web
        if isinstance(error, socket.gaierror):
            key, reason, fix = f"{section}.host", error.strerror or str(error), t("Give an address of this machine.")
            raise SettingError(
                key=key, value=place.host, origin=settings.origin(key), reason=reason, fix=fix
            ) from error
        key, port = f"{section}.port", place.port
        taken = error.errno == errno.EADDRINUSE
        reason = t("another program listens there") if taken else error.strerror or str(error)
        fix = t("Stop what uses the port, or set another {}.").format(settable(key, settings.origin(key)))
        raise SettingError(key=key, value=port, origin=settings.origin(key), reason=reason, fix=fix) from error
