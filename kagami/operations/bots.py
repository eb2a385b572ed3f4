"""Accounts: those that connect, and the configured ones to which we connect."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec

from kagami.core.secrets import HIDDEN
from kagami.errors import NotFound, UsageError
from kagami.i18n import mark
from kagami.model.ability import Ability
from kagami.model.ids import BotId
from kagami.operations.keyed import Keyed
from kagami.operations.registry import Request, operation
from kagami.ports import Applied, BotKind, BotRow, Finding, LoginStep, Parts, Standing

ANSWER_S = 10.0


class ListBots(Request, frozen=True):
    pass


class BotKinds(Request, frozen=True):
    pass


class OneBot(Request, frozen=True):
    """By its name, or the id of its account such as `qq:10001`."""

    bot: str


class Disconnect(OneBot, frozen=True):
    pass


class Reconnect(OneBot, frozen=True):
    pass


class Pause(OneBot, frozen=True):
    pass


class Resume(OneBot, frozen=True):
    pass


class RemoveBot(OneBot, frozen=True):
    pass


class RenameBot(OneBot, frozen=True):
    name: str


class AddBot(Keyed, frozen=True):
    kind: str = "onebot11"
    name: str = ""


class StandNapCat(Request, frozen=True):
    pass


class EditBot(Keyed, frozen=True, kw_only=True):
    """Only what changes; null gives a key back to its default."""

    bot: str


class TestBot(Keyed, frozen=True):
    """A configured one, or one with these keys before it is added."""

    __test__: ClassVar[bool] = False  # no test of pytest's
    bot: str = ""


class Login(Request, frozen=True):
    """Of a configured bot whose account has to log in: NapCat, WeChat."""

    bot: str


class LoginStepOf(Request, frozen=True):
    """The present step; with `after`, the first one behind that number, waited for at most `seconds`."""

    bot: str
    after: int = 0
    seconds: Annotated[float, msgspec.Meta(ge=0, le=25)] = 0.0


class LoginAnswer(Request, frozen=True):
    """`words` are what the step asked for: `{"choice": "10001"}`, `{"code": "123456"}`."""

    bot: str
    words: dict[str, str]

    def told(self) -> msgspec.Struct:
        return msgspec.structs.replace(self, words=dict.fromkeys(self.words, HIDDEN))


class LoginRefresh(Request, frozen=True):
    bot: str


class LoginEnd(Request, frozen=True):
    bot: str


class Abilities(Request, frozen=True):
    """Of one kind of bots, or of the kind that a bot is of."""

    bot: str


def holder(parts: Parts, request: Any) -> str:
    """The other process that has the connection of `request.bot`."""
    return next((row.node for row in parts.bots.rows() if request.bot in (row.id, row.name)), "")


@operation("bots.list", "bots:read")
async def list_bots(parts: Parts, request: ListBots) -> list[BotRow]:  # noqa: ARG001
    """All accounts with their health and rates."""
    return parts.bots.listed()


@operation("bots.kinds", "bots:read")
async def kinds(parts: Parts, request: BotKinds) -> list[BotKind]:  # noqa: ARG001
    """Which kinds of bots can be added, with their settings."""
    return parts.accounts.kinds()


@operation("bots.add", "bots:write")
async def add(parts: Parts, request: AddBot) -> Applied:
    """Add a bot to the configuration and connect to it."""
    return await parts.accounts.add(parts.who, {"kind": request.kind, "name": request.name, **request.given()})


@operation("bots.stand_napcat", "bots:write")
async def napcat(parts: Parts, request: StandNapCat) -> Standing:  # noqa: ARG001
    """Write a folder that runs NapCat on this machine, and add its bot."""
    return await parts.accounts.stand(parts.who)


@operation("bots.edit", "bots:write")
async def edit(parts: Parts, request: EditBot) -> Applied:
    """Change settings of a bot; no other bot is touched."""
    if not request.given():
        raise UsageError(reason=mark("Say what shall be changed."))
    return await parts.accounts.edit(parts.who, request.bot, request.given())


@operation("bots.rename", "bots:write")
async def rename(parts: Parts, request: RenameBot) -> Applied:
    """Give a bot another name."""
    return await parts.accounts.edit(parts.who, request.bot, {"name": request.name or None}, act="bots.rename")


@operation("bots.pause", "bots:write")
async def pause(parts: Parts, request: Pause) -> Applied:
    """Disconnect a bot until it is resumed."""
    return await parts.accounts.edit(parts.who, request.bot, {"enabled": False}, act="bots.pause")


@operation("bots.resume", "bots:write")
async def resume(parts: Parts, request: Resume) -> Applied:
    """Connect a bot that was paused."""
    return await parts.accounts.edit(parts.who, request.bot, {"enabled": None}, act="bots.resume")


@operation("bots.remove", "bots:write", asks=True)
async def remove(parts: Parts, request: RemoveBot) -> Applied:
    """Disconnect a bot and remove it from the configuration."""
    return await parts.accounts.remove(parts.who, request.bot)


@operation("bots.test", "bots:write")
async def test_bot(parts: Parts, request: TestBot) -> list[Finding]:
    """Try a bot step by step: name, port, upgrade, token, account."""
    return [*await parts.accounts.test(request.bot, request.given())]


@operation("bots.reconnect", "bots:write", keeper=holder)
async def reconnect(parts: Parts, request: Reconnect) -> None:
    """Close a bot's connection and open it anew."""
    await parts.accounts.reconnect(request.bot)


@operation("bots.disconnect", "bots:write", asks=True, keeper=holder)
async def disconnect(parts: Parts, request: Disconnect) -> None:
    """Close an account's connection; it may come back by itself."""
    bot = parts.bots.get(BotId(request.bot))
    if bot is None:
        raise NotFound(what="bot", name=request.bot)
    if bot.adapter == "sandbox":
        raise UsageError(reason=mark("The sandbox is part of Kagami and always connected."))
    await bot.close("disconnected by an operator")


@operation("bots.login", "bots:write", keeper=holder)
async def login(parts: Parts, request: Login) -> LoginStep:
    """Log an account in: the QR code or whatever else comes first."""
    going = parts.accounts.login(request.bot)
    step = await going.step()
    if step.kind == "wait":
        step = await going.step(step.number, ANSWER_S)
    return _told(parts, step)


@operation("bots.login_step", "bots:write", quiet=True, keeper=holder)
async def login_step(parts: Parts, request: LoginStepOf) -> LoginStep:
    """How a login goes on."""
    return _told(parts, await parts.accounts.login_of(request.bot).step(request.after, request.seconds))


@operation("bots.login_answer", "bots:write", keeper=holder)
async def login_answer(parts: Parts, request: LoginAnswer) -> LoginStep:
    """Give a login what it asks for."""
    going = parts.accounts.login_of(request.bot)
    asked = await going.step()
    if parts.who.kind == "chat" and set(asked.secret) & set(request.words):
        raise UsageError(reason=mark("Passwords and tokens are not for chats. Use the terminal or the command line."))
    await going.answer(request.words)
    return _told(parts, await going.step(asked.number, ANSWER_S))


@operation("bots.login_refresh", "bots:write", keeper=holder)
async def login_refresh(parts: Parts, request: LoginRefresh) -> None:
    """Ask for another QR code."""
    await parts.accounts.login_of(request.bot).refresh()


@operation("bots.login_end", "bots:write", keeper=holder)
async def login_end(parts: Parts, request: LoginEnd) -> None:
    """Give a login up."""
    await parts.accounts.login_of(request.bot).close()


@operation("bots.abilities", "bots:read")
async def bot_abilities(parts: Parts, request: Abilities) -> list[Ability]:
    """What a platform lets its bots do."""
    found = parts.bots.get(BotId(request.bot))
    return [*parts.accounts.abilities(found.adapter if found is not None else request.bot)]


def _told(parts: Parts, step: LoginStep) -> LoginStep:
    """Who has a code can log in as the account, and what is said in a chat stays there."""
    if step.qr and parts.who.kind == "chat":
        raise UsageError(
            reason=mark(
                "A QR code is not for chats. Scan it on the console (Bots, l), or in a terminal by kagami bots login."
            )
        )
    return step


OPERATIONS = (
    login,
    login_step,
    login_answer,
    login_refresh,
    login_end,
    bot_abilities,
    list_bots,
    kinds,
    add,
    napcat,
    edit,
    rename,
    pause,
    resume,
    remove,
    test_bot,
    reconnect,
    disconnect,
)
