"""Keep one chat on a version of a plugin, from the chat's side or from the plugin's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import App

from kagami.i18n import mark
from kagami.operations.messages import ListChats
from kagami.operations.plugins import ListPlugins, PinChat
from kagami.ports import ChatRow, PluginRow
from kagami.tui.dialogs.pick import Offer, Pick
from kagami.tui.format import visible
from kagami.tui.plugin_rows import share, state_span, title
from kagami.tui.shell import Leave, Shell

# Versions that cannot serve anybody.
_UNFIT = ("failed", "recalled")


@dataclass(frozen=True, slots=True)
class Pinning:
    """`app` shows the dialogs."""

    shell: Shell
    app: App[Leave]

    async def of_chat(self, chat: ChatRow) -> None:
        """Choose a plugin and its version for this chat."""
        t = self.shell.t
        rows: list[PluginRow] = await self.shell.control.call(ListPlugins())
        plugins = {row.id: row for row in rows if not row.builtin and fit_versions(row)}
        if not plugins:
            self.shell.say(_name(chat), t(mark("there is no plugin whose version could be chosen")))
            return
        offers = [Offer(row.id, title(row), self._serving(row)) for row in plugins.values()]
        chosen = await self._pick(t(mark("{chat}: which plugin?")).format(chat=visible(_name(chat))), offers)
        if chosen is not None:
            await self._pin(plugins[chosen], chat)

    async def of_plugin(self, plugin: PluginRow) -> None:
        """Choose a chat and the version that it gets."""
        t = self.shell.t
        rows: list[ChatRow] = await self.shell.control.call(ListChats())
        if not rows:
            self.shell.say(visible(title(plugin)), t(mark("there is no chat yet")))
            return
        offers = [Offer(str(place), _name(chat), f"{chat.bot}  {chat.last_text}") for place, chat in enumerate(rows)]
        chosen = await self._pick(t(mark("{plugin}: in which chat?")).format(plugin=visible(title(plugin))), offers)
        if chosen is not None:
            await self._pin(plugin, rows[int(chosen)])

    async def _pin(self, plugin: PluginRow, chat: ChatRow) -> None:
        t, glyphs = self.shell.t, self.shell.looks.glyphs
        offers = [
            Offer(each.version, each.version, f"{state_span(glyphs, each.state, t).text}  {share(plugin, each)}%")
            for each in plugin.versions
            if each.version in fit_versions(plugin)
        ]
        free = Offer("", t(mark("no fixed version")), t(mark("what the canary's share gives it")))
        words = {"plugin": visible(title(plugin)), "chat": visible(_name(chat))}
        version = await self._pick(t(mark("{plugin} in {chat}: which version?")).format(**words), [*offers, free])
        if version is None:
            return
        await self.shell.control.call(PinChat(plugin=plugin.id, bot=chat.bot, chat=chat.chat, version=version))
        told = t(mark("{chat} gets {plugin} {version} from now on"))
        if not version:
            told = t(mark("{chat} gets the version of {plugin} that its share gives it"))
        self.shell.say(told.format(**words, version=visible(version)))

    async def _pick(self, name: str, offers: Sequence[Offer]) -> str | None:
        return await self.app.push_screen_wait(Pick(self.shell, name, offers))

    def _serving(self, plugin: PluginRow) -> str:
        canary = f"  {self.shell.t(mark('canary'))} {plugin.canary} {plugin.weight}%" if plugin.canary else ""
        return (plugin.version or "-") + canary


def fit_versions(plugin: PluginRow) -> list[str]:
    """Versions that a chat could be kept on."""
    return [each.version for each in plugin.versions if each.state not in _UNFIT]


def _name(chat: ChatRow) -> str:
    return f"{chat.chat_name}  {chat.chat}" if chat.chat_name else chat.chat
