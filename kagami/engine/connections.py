"""The configured bots: each with the task that keeps its connection, changed one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from kagami.adapters.kinds import kind_of, open_bot
from kagami.centre.seal import NAME, Seal
from kagami.config import BotConfig
from kagami.core.backoff import Pause
from kagami.core.handshake import digest, own_token
from kagami.core.turnstile import Turnstile
from kagami.engine.fallen import Fallen
from kagami.engine.keeping import VAULT_KEY, SecretFiles, StoredMemory, StoredVault
from kagami.engine.tools import Tools
from kagami.errors import Refused
from kagami.home import keep_secret
from kagami.i18n import mark
from kagami.model.ids import BotId, bot_id
from kagami.net.link import show_url
from kagami.ports import Adapter, BotHealth, BotRow, Forgets, Intake, Login, Vault

if TYPE_CHECKING:
    from kagami.adapters.kit import Kit

_NOBODYS = mark("no gateway has this account at the moment: one that runs takes it within seconds")


@dataclass(slots=True, eq=False)
class Kept:
    config: BotConfig
    bot: Adapter
    task: asyncio.Task[None] = field(init=False)
    fallen: Fallen | None = None


class Connections:
    """In the order of `[[bots]]`. A change of one touches no other."""

    def __init__(self, tools: Tools, intake: Intake) -> None:
        self._tools = tools
        self._intake = intake
        self._kept: list[Kept] = []
        self._turnstile = Turnstile()
        self._key: Seal | None = None
        self._mine: Callable[[BotConfig], bool] = lambda _: True
        self._turn = asyncio.Lock()  # one change after the other, also while a connection takes its time to end

    def ids(self) -> list[BotId]:
        """Who stands for each at the moment."""
        return [each.bot.id for each in self._kept]

    async def configure(self, bots: Sequence[BotConfig]) -> None:
        """Connect these and no others."""
        async with self._turn:
            await self._configure(bots)

    def divide(self, mine: Callable[[BotConfig], bool]) -> None:
        """From now on connect only those that are ours; the others keep their places."""
        self._mine = mine

    async def _configure(self, bots: Sequence[BotConfig]) -> None:
        left = list(self._kept)
        found = [_take(left, config) for config in bots]
        pairs = list(zip(found, bots, strict=True))
        await self._end([*left, *(each for each, config in pairs if each and not self._goes_on(each, config))])
        self._kept = [
            each if each is not None and not each.task.done() else self._begin(config, each) for each, config in pairs
        ]

    async def reconnect(self, place: int) -> None:
        """Open the connection anew, whatever state it is in; `Refused` where no process has it."""
        kept = self._here(place)
        async with self._turn:
            if kept not in self._kept:
                return  # meanwhile it was changed, which opened it anew, or removed
            await self._end([kept])
            self._kept[self._kept.index(kept)] = self._begin(kept.config, kept)

    def login(self, place: int) -> Login | None:
        """The login of a bot, begun when none is under way; None where there is no such thing. `Refused` as above."""
        return self._here(place).bot.login()

    def leaving(self, place: int) -> Callable[[], Awaitable[None]]:
        """What is to be done when this one was removed for good: what it has kept goes with it."""
        return partial(self._forget, self._kept[place])

    def _here(self, place: int) -> Kept:
        kept = self._kept[place]
        if isinstance(kept.bot, Elsewhere):
            raise Refused(reason=_NOBODYS)
        return kept

    async def _forget(self, gone: Kept) -> None:
        async with self._turn:
            # Another table may go by the same name, and by the same files.
            if not any(_is_alike(each.config, gone.config) for each in self._kept) and isinstance(gone.bot, Forgets):
                await gone.bot.forget()

    def _begin(self, config: BotConfig, before: Kept | None = None) -> Kept:
        if not self._mine(config):
            kept = Kept(config, Elsewhere(_stand_in(config)))
            kept.task = self._tools.nursery.start("bot elsewhere", kept.bot.run(self._intake))
            return kept
        same = before is not None and before.config.address == config.address
        there = before.bot if before is not None and same and not isinstance(before.bot, Elsewhere) else None
        kept = Kept(config, open_bot(config, self._kit(), there))
        name = f"bot {config.name or config.address}"
        kept.task = self._tools.nursery.keep(name, partial(self._run, kept), fell=partial(self._fell, kept))
        return kept

    async def _run(self, kept: Kept) -> None:
        if kept.fallen is not None:
            self._intake.detach(kept.fallen)
            kept.fallen, kept.bot = None, open_bot(kept.config, self._kit(), kept.bot)
        await kept.bot.run(self._intake)

    def _goes_on(self, kept: Kept, config: BotConfig) -> bool:
        goes_on = isinstance(kept.bot, Elsewhere) != self._mine(config) and kept.bot.configure(config)
        kept.config = config if goes_on else kept.config
        return goes_on

    def _fell(self, kept: Kept, error: str, pause: Pause) -> None:
        """It failed in a way that nobody thought of, which people should see."""
        now, config = self._tools.clock.wall_ms(), kept.config
        kept.fallen = Fallen(kept.bot.id, config.name, kind_of(config), error, pause, now)
        self._intake.attach(kept.fallen)

    def _kit(self) -> Kit:
        from kagami.adapters.kit import Kit  # noqa: PLC0415

        tools = self._tools
        return Kit(
            clock=tools.clock,
            nursery=tools.nursery,
            meters=tools.meters,
            media=tools.media,
            memory=StoredMemory(tools.store, self._seal),
            vault=self._vault(),
            private=tools.settings.plugins.http.private,
            gateway=self._gateway,
            turnstile=self._turnstile,
        )

    def _vault(self) -> Vault:
        """Credentials go with the account, where another process may have it next."""
        tools, files = self._tools, SecretFiles(self._tools.settings.home.secrets)
        if tools.store.cluster is None:
            return files
        return StoredVault(
            tools.store, lambda: Seal(keep_secret(tools.settings.home, VAULT_KEY, tools.translate)), files
        )

    def _seal(self) -> Seal:
        """What adapters note of chats is sealed with the key of the settings' history."""
        if self._key is None:
            self._key = Seal(keep_secret(self._tools.settings.home, NAME, self._tools.translate))
        return self._key

    def _gateway(self, platform: str, account: str) -> tuple[str, str]:
        """As it is set at the moment: address for this machine, and the token that is this account's alone."""
        settings = self._tools.settings
        return self._tools.live.gateway_url, own_token(digest(settings.gateway.token.reveal()), platform, account)

    async def _end(self, kept: Sequence[Kept]) -> None:
        for each in kept:
            each.task.cancel()
        if kept:
            await asyncio.wait([each.task for each in kept])
        for each in kept:
            if each.fallen is not None:
                self._intake.detach(each.fallen)


def _take(left: list[Kept], config: BotConfig) -> Kept | None:
    """The connection that was this one's: with the same settings, or else the same name, or else the same address."""
    alike = [each for each in left if kind_of(each.config) == kind_of(config)]
    same = [each for each in alike if each.config == config]
    named = [each for each in alike if config.name and each.config.name == config.name]
    there = [each for each in alike if each.config.address == config.address]
    found = next(iter([*same, *named, *there]), None)
    if found is not None:
        left.remove(found)
    return found


class Elsewhere:
    """Implements `ports.Adapter` for an account that another process connects."""

    def __init__(self, bot: BotId) -> None:
        self.id = bot

    def configure(self, config: BotConfig) -> bool:
        self.id = _stand_in(config)
        return True

    async def run(self, intake: Intake) -> None:
        del intake
        await asyncio.Event().wait()

    def login(self) -> Login | None:
        return None


def table_name(config: BotConfig) -> str:
    """Of a configured account, for ever the same."""
    return f"{kind_of(config)}:{config.address}"


def unheld(bots: Sequence[BotConfig], held: Collection[str]) -> list[BotRow]:
    """Rows of those that no process has. `held` are names of the tables of all processes that live."""
    left = [each for each in bots if each.enabled and table_name(each) not in held]
    return [BotRow(_stand_in(each), _called(each), kind_of(each), BotHealth("connecting", _NOBODYS)) for each in left]


def _stand_in(config: BotConfig) -> BotId:
    """By its address where it has no name: two of one host are two."""
    return bot_id(kind_of(config), config.name or config.address)


def _called(config: BotConfig) -> str:
    return config.name or show_url(config.address) or config.address


def _is_alike(one: BotConfig, other: BotConfig) -> bool:
    return kind_of(one) == kind_of(other) and one.address == other.address
