"""The settings centre within an engine, and the parts that follow its settings."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from kagami.config import Settings
from kagami.edits import FileEdits, file_to_edit
from kagami.engine.alerting import webhook
from kagami.engine.listening import told
from kagami.engine.sharing import follow_redis
from kagami.engine.tools import Tools
from kagami.home import keep_secret

if TYPE_CHECKING:
    from kagami.centre.desk import SettingsDesk
    from kagami.engine import Engine
    from kagami.hub.hub import Hub
    from kagami.web.server import WebServer

HUB = ("hub.running", "hub.lane_length", "hub.waiting", "hub.tries", "hub.retry_after", "hub.drain")
KEPT = ("store.keep_days", "store.keep_mb", "store.keep_audit_days")


async def open_centre(tools: Tools) -> SettingsDesk:
    """What changes the file from which this engine was started."""
    from kagami.centre.desk import SettingsDesk  # noqa: PLC0415
    from kagami.centre.history import History  # noqa: PLC0415
    from kagami.centre.seal import NAME, Seal  # noqa: PLC0415

    settings, t = tools.settings, tools.translate
    history = History(tools.store, lambda: Seal(keep_secret(settings.home, NAME, t)))
    # In English, like every reason that somebody will read whose language is not known here.
    file = FileEdits(settings.file or file_to_edit(settings.home.path, None), str)
    desk = SettingsDesk(file, tools.live, history, nursery=tools.nursery, clock=tools.clock, translate=str)
    await desk.open(file.read())
    return desk


def follow_settings(stack: AsyncExitStack, tools: Tools, hub: Hub) -> None:
    """The hub and the store go by what the settings say at the moment."""

    def deliver(now: Settings) -> None:
        hub.configure(now.hub, now.limits, admins=now.admins, prefix=now.prefix)

    def alert(now: Settings) -> None:
        hub.alerts.configure(now.alerts)
        hub.alarm.configure(admins=now.admins, chats=now.alerts.chats, post=webhook(stack, now))

    follow_redis(tools, hub)
    tools.live.on((*HUB, "limits", "admins", "prefix"), deliver)
    tools.live.on(("pace",), lambda now: hub.outbox.configure(now.pace))
    tools.live.on(("alerts", "admins"), alert)
    tools.live.on(("backup",), lambda _: None)  # they are asked for before each one
    tools.live.on(KEPT, lambda now: tools.store.configure(now.store))


def follow_web(tools: Tools, engine: Engine, server: WebServer) -> None:
    """The port of the web console moves; the home's socket stays where it is."""

    async def move(now: Settings) -> None:
        with told(now, "web"):
            await server.configure(now.web)
        engine.web_port = server.port

    tools.live.on(("web.host", "web.port", "web.hosts"), move, "reopen")
