"""Plugins: which version serves whom, and how that is changed."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from kagami.core.partition import part_of
from kagami.core.secrets import HIDDEN
from kagami.errors import NotFound
from kagami.model.ids import BotId, ChatId
from kagami.operations import together
from kagami.operations.registry import Request, operation
from kagami.ports import ChatChoice, DialogRow, Field, Installed, Parts, PluginRow, ReloadRow, SyncRow

# In how many of the latest chats a bot that is not connected is looked for.
CHATS = 5_000
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


class ListPlugins(Request, frozen=True):
    pass


class Reload(Request, frozen=True):
    """One plugin, or all of them when empty."""

    plugin: str = ""


class Use(Request, frozen=True):
    """An empty `version` is the highest again; `pin` keeps updates away."""

    plugin: str
    version: str = ""
    pin: bool = False


class Rollback(Request, frozen=True):
    plugin: str


class Remove(Request, frozen=True):
    plugin: str
    version: str


class Weigh(Request, frozen=True):
    """An empty `version` is the present canary, or else the highest version that does not serve."""

    plugin: str
    weight: Percent
    version: str = ""


class Promote(Request, frozen=True):
    plugin: str


class PinChat(Request, frozen=True):
    """An empty `version` gives the chat back."""

    plugin: str
    bot: str
    chat: str
    version: str = ""


class Switch(Request, frozen=True):
    """Everywhere, or in one chat of one bot."""

    plugin: str
    on: bool
    bot: str = ""
    chat: str = ""


class ListChoices(Request, frozen=True):
    """Of one chat, when both are given; those that hold everywhere are told too."""

    bot: str = ""
    chat: str = ""


class ListDialogs(Request, frozen=True):
    """In one chat of one bot, when both are given."""

    bot: str = ""
    chat: str = ""


class EndDialog(Request, frozen=True):
    bot: str
    chat: str
    user: str


class Release(Request, frozen=True):
    plugin: str


class Form(Request, frozen=True):
    plugin: str


class Configure(Request, frozen=True):
    """Only what changes; null gives a setting back to its default."""

    plugin: str
    values: dict[str, Any]

    def told(self) -> Configure:
        return msgspec.structs.replace(self, values=dict.fromkeys(self.values, HIDDEN))


class Install(Request, frozen=True):
    """A folder, a `.kpk` file or an address, on the engine's machine."""

    source: str

    def told(self) -> Install:
        """An address without its password and its query."""
        scheme, found, rest = self.source.partition("://")
        if not found:
            return self
        place, slash, path = rest.partition("?")[0].partition("/")
        return msgspec.structs.replace(self, source=f"{scheme}://{place.rpartition('@')[2]}{slash}{path}")


class Sync(Request, frozen=True):
    """Updates from the market; `dry_run` only shows them."""

    dry_run: bool = False


@operation("plugins.list", "plugins:read", merge=together.plugins)
async def list_plugins(parts: Parts, request: ListPlugins) -> list[PluginRow]:  # noqa: ARG001
    """Plugins with their versions and how they do."""
    return parts.plugins.rows()


@operation("plugins.reload", "plugins:write", merge=together.reloads)
async def reload(parts: Parts, request: Reload) -> list[ReloadRow]:
    """Load a plugin anew beside the old one and switch when it is sound."""
    return await parts.plugins.reload(request.plugin or None)


@operation("plugins.use", "plugins:write")
async def use(parts: Parts, request: Use) -> ReloadRow:
    """Serve a version of a plugin, whatever higher ones there are."""
    return await parts.plugins.use(request.plugin, request.version, pin=request.pin)


@operation("plugins.rollback", "plugins:write", asks=True)
async def rollback(parts: Parts, request: Rollback) -> ReloadRow:
    """Go back to the version that served before, and end a canary."""
    return await parts.plugins.rollback(request.plugin)


@operation("plugins.remove", "plugins:write", asks=True)
async def remove(parts: Parts, request: Remove) -> None:
    """Delete a version of a plugin from the disk."""
    await parts.plugins.remove(request.plugin, request.version)


@operation("plugins.weigh", "plugins:write")
async def weigh(parts: Parts, request: Weigh) -> PluginRow:
    """Give a version a share of the chats, in percent."""
    return await parts.plugins.weigh(request.plugin, request.weight, request.version)


@operation("plugins.promote", "plugins:write", asks=True)
async def promote(parts: Parts, request: Promote) -> ReloadRow:
    """Make the canary the stable version."""
    return await parts.plugins.promote(request.plugin)


@operation("plugins.pin", "plugins:write")
async def pin_chat(parts: Parts, request: PinChat) -> None:
    """Keep a chat on a version of a plugin."""
    if request.version:  # what was kept of a bot that is gone can be given back
        await _check_bot(parts, request.bot)
    await parts.plugins.pin_chat(request.plugin, request.bot, request.chat, request.version)


@operation("plugins.switch", "plugins:write")
async def switch(parts: Parts, request: Switch) -> None:
    """Turn a plugin on or off, everywhere or in one chat."""
    if request.bot and not request.on:
        await _check_bot(parts, request.bot)
    await parts.plugins.switch(request.plugin, request.bot, request.chat, on=request.on)


@operation("plugins.choices", "plugins:read")
async def choices(parts: Parts, request: ListChoices) -> list[ChatChoice]:
    """Chats that are kept on a version of a plugin, or where one is off."""
    wanted = ((request.bot, request.chat), ("", ""))
    return [each for each in parts.plugins.choices() if not request.chat or (each.bot, each.chat) in wanted]


@operation("plugins.dialogs", "plugins:read", merge=together.listed)
async def dialogs(parts: Parts, request: ListDialogs) -> list[DialogRow]:
    """Questions of plugins that wait for somebody's answer."""
    wanted = (request.bot, request.chat)
    return [each for each in parts.plugins.dialogs() if not request.chat or (each.bot, each.chat) == wanted]


def handler(parts: Parts, request: EndDialog) -> str:
    """The other process that handles the chat."""
    part, cluster = part_of(BotId(request.bot), ChatId(request.chat)), parts.cluster
    held = (row.node for row in cluster.rows() if part in row.state.parts and row.seen_s <= cluster.patience_s)
    return next((node for node in held if node != cluster.calling.node), "")


@operation("plugins.end_dialog", "plugins:write", asks=True, keeper=handler)
async def end_dialog(parts: Parts, request: EndDialog) -> DialogRow:
    """End a question of a plugin as if its time were up."""
    return parts.plugins.end_dialog(request.bot, request.chat, request.user)


@operation("plugins.release", "plugins:write", merge=together.done)
async def release(parts: Parts, request: Release) -> None:
    """End the quarantine or the pause of a plugin."""
    await parts.plugins.release(request.plugin)


@operation("plugins.form", "plugins:secret")
async def form(parts: Parts, request: Form) -> list[Field]:
    """The settings of a plugin, each with its limits and its origin."""
    return parts.plugins.form(request.plugin)


@operation("plugins.configure", "plugins:write")
async def configure(parts: Parts, request: Configure) -> ReloadRow:
    """Change settings of a plugin: they are checked, written to the configuration, and served."""
    parts.plugins.check(request.plugin, request.values)
    await parts.files.set_plugin(request.plugin, request.values)
    # Meanwhile somebody else may have changed another one.
    return await parts.plugins.configure(request.plugin, parts.plugins.check(request.plugin, request.values))


@operation("plugins.install", "plugins:install", asks=True)
async def install(parts: Parts, request: Install) -> Installed:
    """Install a signed plugin from a folder, a file or an address, and serve it."""
    return await parts.plugins.install(request.source)


@operation("plugins.sync", "plugins:install")
async def sync(parts: Parts, request: Sync) -> list[SyncRow]:
    """Update installed plugins from the market, and stop what it recalls."""
    return await parts.plugins.sync(dry_run=request.dry_run)


async def _check_bot(parts: Parts, bot: str) -> None:
    """`NotFound` for a bot that was never here: neither is it connected, nor are there chats of it."""
    if parts.bots.get(BotId(bot)) is None and all(row.bot != bot for row in await parts.store.chats(limit=CHATS)):
        raise NotFound(what="bot", name=bot)


OPERATIONS = (
    list_plugins,
    reload,
    use,
    rollback,
    remove,
    weigh,
    promote,
    pin_chat,
    switch,
    choices,
    dialogs,
    end_dialog,
    release,
    form,
    configure,
    install,
    sync,
)
