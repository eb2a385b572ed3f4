"""Bots as operations: their tables in the file, and the connections that follow them."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from kagami.adapters.kinds import abilities, dial, kind_of
from kagami.adapters.napcat.config import NapCatConfig
from kagami.centre.desk import SettingsDesk
from kagami.centre.keys import LEAVES, edit_of
from kagami.centre.shown import bot_kinds
from kagami.centre.standing import put_napcat, take_away
from kagami.centre.tables import given, gives_away, nested
from kagami.config import BotConfig, Settings
from kagami.core.handshake import is_loopback
from kagami.core.scopes import allowed
from kagami.core.secrets import HIDDEN
from kagami.edits import Edit
from kagami.errors import Denied, KagamiError, Misnamed, NotFound, Refused, SettingError
from kagami.i18n import Translate, mark
from kagami.model.ability import Ability
from kagami.model.ids import BotId
from kagami.model.principal import Principal
from kagami.ports import Applied, BotKind, Bots, Finding, Login, Standing
from kagami.shape import Shape, nearest

KEY = "bots"
_USUAL = "onebot11"
_SEES_TOKENS = "system:secret"
_ADDRESSES = frozenset({"url", "webui_url", "gateway_url"})
_DISCONNECTED = "asked by an operator to connect again"


def _check_gateway_token(who: Principal, keys: Mapping[str, Any]) -> None:
    """`Denied` to who may not see the gateway's token and would have a NapCat on another machine told it."""
    if keys.get("kind") != "napcat" or keys.get("url"):
        return
    places = [str(keys.get(name) or "") for name in ("webui_url", "gateway_url")]
    if any(url and not _is_here(url) for url in places) and not allowed(who, _SEES_TOKENS):
        raise Denied(scope=_SEES_TOKENS)


def _is_here(url: str) -> bool:
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False


class Dialled(Protocol):
    """The running connections, in the order of `[[bots]]`."""

    def ids(self) -> list[BotId]: ...

    async def reconnect(self, place: int) -> None: ...

    def login(self, place: int) -> Login | None: ...

    def leaving(self, place: int) -> Callable[[], Awaitable[None]]: ...


class AccountsDesk:
    """Implements `ports.Accounts`. A bot goes by the name of its table, or the id of the account that it brought."""

    def __init__(
        self,
        desk: SettingsDesk,
        dialled: Dialled,
        bots: Bots,
        *,
        forget: Callable[[str], None],
        translate: Translate,
    ) -> None:
        self._desk = desk
        self._forget = forget
        self._dialled = dialled
        self._bots = bots
        self._t = translate
        self._logins: dict[str, Login] = {}

    def kinds(self) -> list[BotKind]:
        return bot_kinds(LEAVES[KEY])

    async def add(self, who: Principal, keys: Mapping[str, Any]) -> Applied:
        keys = NapCatConfig.untangled(keys)
        _check_gateway_token(who, keys)

        def edits(now: Settings) -> list[tuple[str, Edit]]:
            head, table = f"{KEY}.{len(now.bots)}", given(keys)
            made = {"kind": table.pop("kind", _USUAL), **nested(head, table, self._t)}
            return [(head, Edit((KEY, len(now.bots)), made))]

        return await self._desk.edit(who, "bots.add", edits)

    async def edit(self, who: Principal, bot: str, keys: Mapping[str, Any], *, act: str = "bots.edit") -> Applied:
        keys = NapCatConfig.untangled(keys)

        def edits(now: Settings) -> list[tuple[str, Edit]]:
            place = self._place(bot, now)
            if not _ADDRESSES.isdisjoint(keys):
                before = now.bots[place]
                _check_gateway_token(who, msgspec.structs.asdict(before) | {"kind": kind_of(before)} | dict(keys))
            if gives_away(now.bots[place], keys):
                raise Refused(reason=mark("Another host would get this bot's token: give its token too."))
            return [(f"{KEY}.{place}.{name}", edit_of(f"{KEY}.{place}.{name}", keys[name], self._t)) for name in keys]

        return await self._desk.edit(who, act, edits)

    async def remove(self, who: Principal, bot: str) -> Applied:
        gone: list[tuple[BotId, Callable[[], Awaitable[None]]]] = []

        def edits(now: Settings) -> list[tuple[str, Edit]]:
            place = self._place(bot, now)
            gone.append((self._dialled.ids()[place], self._dialled.leaving(place)))
            return [(f"{KEY}.{place}", Edit((KEY, place), None))]

        applied = await self._desk.edit(who, "bots.remove", edits)
        self._logins.pop(bot, None)
        for each, leave in gone:
            self._forget(each)
            await leave()
        return applied

    async def stand(self, who: Principal) -> Standing:
        folder, made = await asyncio.to_thread(put_napcat, self._desk.live.current, self._t)
        try:
            await self.add(who, made.bot)
        except KagamiError:
            await asyncio.to_thread(take_away, folder, made)
            raise
        return Standing(str(folder), f"cd {shlex.quote(str(folder))} && docker compose up -d", made.bot["name"])

    async def test(self, bot: str = "", keys: Mapping[str, Any] | None = None) -> Sequence[Finding]:
        now = self._desk.live.current
        config = now.bots[self._place(bot, now)] if bot else self._made(keys or {})
        # English, as all that an engine tells: who shows it says it in the language of who reads it.
        subject = f"bot {bot or config.name or config.address}"
        return await asyncio.to_thread(lambda: list(dial(config, subject, str)))

    def abilities(self, kind: str) -> tuple[Ability, ...]:
        if kind not in {"sandbox", *(each.kind for each in self.kinds())}:
            raise NotFound(what="kind", name=kind)
        return abilities(kind)

    def login(self, bot: str) -> Login:
        found = self._dialled.login(self._place(bot, self._desk.live.current))
        if found is None:
            raise Refused(reason=mark("This bot needs no login: its token or its keys are enough."))
        self._logins[bot] = found
        return found

    def login_of(self, bot: str) -> Login:
        """By the name that it was begun with: the account, and with it the bot's id, may be another one by now."""
        if bot not in self._logins:
            self._place(bot, self._desk.live.current)
            raise Refused(reason=mark("No login of this bot is under way: begin one."))
        return self._logins[bot]

    async def reconnect(self, bot: str) -> None:
        """One that connects to the gateway can only be told to go: it comes back by itself."""
        found = self._bots.get(BotId(bot))
        try:
            place = self._place(bot, self._desk.live.current)
        except Refused:
            if found is not None:
                await found.close(_DISCONNECTED)
            return
        await self._dialled.reconnect(place)

    def _place(self, bot: str, now: Settings) -> int:
        """Its place among `[[bots]]`; `NotFound`, or `Refused` for one that has no table there."""
        names = [config.name for config in now.bots]
        ids = self._dialled.ids()
        if bot in names:
            return names.index(bot)
        called = [row.id for row in self._bots.rows() if row.name == bot]
        if len(called) == 1:
            bot = called[0]
        if bot in ids:
            return ids.index(BotId(bot))
        if self._bots.get(BotId(bot)) is not None:
            raise Refused(reason=mark("This bot connects by itself: it has no entry that could be changed."))
        near = nearest(bot, [*filter(None, names), *ids])
        raise Misnamed(what="bot", name=bot, near=near) if near else NotFound(what="bot", name=bot)

    def _made(self, keys: Mapping[str, Any]) -> BotConfig:
        shape = Shape(lambda _: self._t(mark("this change")), self._t)
        table = {"kind": _USUAL, **given(NapCatConfig.untangled(keys))}
        (made,) = shape.value(tuple[BotConfig, ...], [table], KEY)
        bot: BotConfig = made
        trouble = bot.trouble()
        if trouble is not None:
            raise SettingError(
                key=trouble.key,
                value=HIDDEN,
                origin=self._t(mark("this change")),
                reason=self._t(trouble.reason),
                fix=self._t(trouble.fix),
            )
        return bot
