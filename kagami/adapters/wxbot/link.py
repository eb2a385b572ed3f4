"""WxBot: its OneBot connection, which we dial, and its panel, where the QR code is."""

from __future__ import annotations

import asyncio

from kagami.adapters.kit import Kit
from kagami.adapters.login import LoginWalk
from kagami.adapters.onebot11.codec import Identity
from kagami.adapters.onebot11.link import ForwardBot
from kagami.adapters.wxbot.codec import WXBOT, PanelBot, qr_page, read_bots
from kagami.adapters.wxbot.config import WxBotConfig
from kagami.errors import KagamiError, Unavailable, WireError
from kagami.i18n import mark
from kagami.model.ids import BotId
from kagami.net.api import Api
from kagami.ports import Adapter, BotState, Intake, Login

LOOK_SECONDS = 15.0
POLL_SECONDS = 2.5
LOGIN_SECONDS = 600.0

_LOGGED_OUT = "WeChat is not logged in: scan the QR code on WxBot's panel"
_SCAN = mark("Open this page of WxBot's panel and scan the code on it with WeChat: it is a picture, not a text.")


def open_bot(config: WxBotConfig, kit: Kit, before: Adapter | None = None) -> WxBot:
    return WxBot(config, kit, before.known if isinstance(before, WxBot) else None)


class WxBot:
    """Implements `ports.Adapter`. The panel says why nobody is there while the connection is not up."""

    def __init__(self, config: WxBotConfig, kit: Kit, known: Identity | None = None) -> None:
        self._config = config
        self._kit = kit
        self._logged_out = False
        self._walk: LoginWalk | None = None
        self._line = ForwardBot(
            config,
            clock=kit.clock,
            nursery=kit.nursery,
            meters=kit.meters,
            media=kit.media,
            known=known,
            turn=kit.turn,
            randomness=kit.randomness,
            dialect=WXBOT,
            explain=self._explain,
        )

    @property
    def id(self) -> BotId:
        return self._line.id

    @property
    def known(self) -> Identity | None:
        return self._line.known

    def configure(self, config: WxBotConfig) -> bool:
        if config.panel_url != self._config.panel_url or not self._line.configure(config):
            return False
        self._config = config
        return True

    async def run(self, intake: Intake) -> None:
        watch = None
        if self._config.enabled and self._config.panel_url:
            watch = self._kit.nursery.start(f"panel of {self.id}", self._watch(intake))
        try:
            await self._line.run(intake)
        finally:
            if watch is not None:
                watch.cancel()
                await asyncio.wait([watch])
            if self._walk is not None:
                await self._walk.close()

    def login(self) -> Login | None:
        """On the panel's page; None without one."""
        if not self._config.panel_url:
            return None
        if self._walk is None or self._walk.over:
            self._walk = LoginWalk(self._kit.nursery, self.id, self._log_in)
        return self._walk

    def _explain(self, state: BotState, reason: str) -> tuple[BotState, str]:
        return (
            ("auth_failed", _LOGGED_OUT) if self._logged_out and state in ("backoff", "connecting") else (state, reason)
        )

    async def _watch(self, intake: Intake) -> None:
        async with self._panel() as api:
            while True:
                bot = intake.current(self.id)
                if bot is None or not bot.reachable:
                    try:
                        self._logged_out = self._find(await self._bots(api)) is None
                    except KagamiError:
                        self._logged_out = False  # the connection itself says what is wrong
                await self._kit.clock.sleep(LOOK_SECONDS)

    async def _log_in(self, walk: LoginWalk) -> None:
        deadline = self._kit.clock.monotonic() + LOGIN_SECONDS
        async with self._panel() as api:
            while self._kit.clock.monotonic() < deadline:
                try:
                    alive = self._find(await self._bots(api))
                except KagamiError as error:
                    walk.show("wait", mark("WxBot's panel does not answer: {reason}"), fields={"reason": error.text()})
                else:
                    if alive is not None:
                        name = alive.nickname or str(alive.self_id)
                        walk.show("done", mark("{name} is logged in."), fields={"name": name})
                        return
                    account = self.known.account if self.known is not None else ""
                    walk.show("wait", _SCAN, link=qr_page(self._config.panel_url, account))
                await walk.refreshed(POLL_SECONDS)
        walk.show("failed", mark("Nobody logged in in time: begin anew."))

    def _panel(self) -> Api:
        return Api(qr_page(self._config.panel_url, ""))

    async def _bots(self, api: Api) -> list[PanelBot]:
        answer = await api.call("GET", "/api/bots", seconds=10.0)
        try:
            if answer.ok:
                return read_bots(answer.body)
        except WireError:
            pass
        raise Unavailable(what=self._config.address, reason="it does not answer as WxBot's panel does")

    def _find(self, bots: list[PanelBot]) -> PanelBot | None:
        """Our account among those that are alive; whoever it is while ours is not known."""
        account = self.known.account if self.known is not None else ""
        return next((each for each in bots if each.is_alive and account in ("", str(each.self_id))), None)
