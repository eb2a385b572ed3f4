"""What an operator does with bots: what is asked before, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from textual.app import App

from kagami.errors import Denied, NotFound
from kagami.i18n import mark
from kagami.model.ability import Ability
from kagami.operations.bots import (
    Abilities,
    AddBot,
    BotKinds,
    Disconnect,
    ListBots,
    Pause,
    Reconnect,
    RemoveBot,
    RenameBot,
    Resume,
    StandNapCat,
    TestBot,
)
from kagami.operations.messages import ListChats
from kagami.operations.settings import ListSettings
from kagami.operations.system import Connect, ListAlerts, Mute
from kagami.ports import AlertRow, BotKind, BotRow, ChatRow, Connection, Finding, SettingRow, Standing
from kagami.reasons.say import say
from kagami.tui import accounts
from kagami.tui.dialogs.abilities import AbilityList
from kagami.tui.dialogs.answer import AnswerReader
from kagami.tui.dialogs.botform import BotForm
from kagami.tui.dialogs.findings import finding_sign
from kagami.tui.dialogs.kindpick import KindPick
from kagami.tui.dialogs.login import LoginDialog
from kagami.tui.dialogs.newbot import NewBot
from kagami.tui.dialogs.pick import Offer
from kagami.tui.dialogs.stand import StandDialog
from kagami.tui.figures import age
from kagami.tui.format import visible
from kagami.tui.kind_words import ordered, words_of
from kagami.tui.shell import Leave, Question, Shell
from kagami.tui.widgets.painted import Span

MUTED_MIN = 60
FEW_CHATS = 5
COMES, HERE, THERE = "comes", "here", "there"
NAPCAT = "napcat"


@dataclass(slots=True)
class BotActs:
    """`app` shows the dialogs."""

    shell: Shell
    app: App[Leave]

    # Adding and changing.

    async def add(self) -> None:
        """One that connects to the gateway needs its address; one to which we connect needs an entry, maybe a login."""
        t = self.shell.t
        kinds: list[BotKind] = ordered(await self.shell.control.call(BotKinds()))
        offers = [Offer(COMES, t(mark("It connects to Kagami")), t(mark("QQ by NapCat: an address to paste there")))]
        offers += [Offer(each.kind, t(words_of(each.kind).name), t(words_of(each.kind).needs)) for each in kinds]
        chosen = await self.app.push_screen_wait(KindPick(self.shell, t(mark("What shall be connected?")), offers))
        if chosen == COMES:
            await self._show_address()
        elif chosen == NAPCAT:
            await self._add_napcat(next(each for each in kinds if each.kind == chosen))
        elif chosen is not None:
            await self._add_kind(next(each for each in kinds if each.kind == chosen))

    async def _add_napcat(self, kind: BotKind) -> None:
        """One that runs somewhere, or a new one: its files, its start, and its login once it answers."""
        t = self.shell.t
        offers = [
            Offer(HERE, t(mark("Set one up beside Kagami")), t(mark("files for Docker, and one command to start it"))),
            Offer(THERE, t(mark("I have one")), t(mark("the address and the token of its WebUI"))),
        ]
        chosen = await self.app.push_screen_wait(KindPick(self.shell, t(mark("QQ by NapCat")), offers))
        if chosen == THERE:
            await self._add_kind(kind)
        elif chosen == HERE and await self._stands():
            standing: Standing = await self.shell.control.call(StandNapCat())
            if await self.app.push_screen_wait(StandDialog(self.shell, standing)):
                await self.app.push_screen_wait(LoginDialog(self.shell, standing.bot, standing.bot))

    async def _stands(self) -> bool:
        t = self.shell.t
        facts = (
            (t(mark("Writes")), t(mark("a folder napcat in the home: a compose file, NapCat's settings, new tokens"))),
            (t(mark("Adds")), t(mark("a bot of that name to kagami.toml"))),
            (t(mark("Starts")), t(mark("nothing: the command to start it is shown next (Docker is needed)"))),
            (t(mark("Undo")), t(mark("remove the bot, and delete the folder"))),
        )
        return await self.shell.ask(
            Question(t(mark("Set a NapCat up beside Kagami?")), facts, t(mark("Not now")), t(mark("Write the files")))
        )

    async def _add_kind(self, kind: BotKind) -> None:
        """Its keys, a test of them, then the bot; and its login where it has one."""
        t = self.shell.t
        taken = {each.name for each in await self.shell.control.call(ListBots())}
        names = (kind.kind if number == 1 else f"{kind.kind}-{number}" for number in count(1))
        made: AddBot | None = await self.app.push_screen_wait(
            NewBot(self.shell, kind, next(each for each in names if each not in taken))
        )
        if made is None:
            return
        self.shell.say(t(mark("The bot was added")), t(mark("it connects now; T tries it step by step")))
        name = str(made.keys.get("name", ""))
        if name and words_of(kind.kind).logs_in(made.keys):
            await self.app.push_screen_wait(LoginDialog(self.shell, name, name))

    async def login(self, bot: BotRow) -> None:
        """By the name of its table where there is one: the id of an account changes when another one logs in."""
        table = await self.table(bot)
        name = str((table or {}).get("name") or bot.id)
        await self.app.push_screen_wait(LoginDialog(self.shell, name, bot.name))

    async def abilities(self, bot: BotRow) -> None:
        found: list[Ability] = await self.shell.control.call(Abilities(bot=bot.id))
        await self.app.push_screen_wait(AbilityList(self.shell, visible(bot.name), found))

    async def edit(self, bot: BotRow) -> None:
        t = self.shell.t
        kinds: list[BotKind] = await self.shell.control.call(BotKinds())
        table = await self.table(bot)
        if table is None:
            raise NotFound(what=t(mark("entry of a bot in kagami.toml")), name=bot.name)
        kind = next(each for each in kinds if each.kind == table.get("kind", kinds[0].kind))
        form = BotForm(self.shell, kind, visible(bot.name), bot.id, _flat(table))
        if await self.app.push_screen_wait(form) is not None:
            self.shell.say(t(mark("{bot} was changed")).format(bot=visible(bot.name)))

    async def rename(self, bot: BotRow) -> None:
        t = self.shell.t
        name = await self.shell.prompt(t(mark("its new name")), bot.name)
        if name and name.strip() and name.strip() != bot.name:
            await self.shell.control.call(RenameBot(bot=bot.id, name=name.strip()))
            self.shell.changed(bot.name, RenameBot(bot=bot.id, name=bot.name))
            self.shell.say(
                f"{visible(bot.name)} {self.shell.looks.glyphs.to} {visible(name.strip())}", t(mark("u puts it back"))
            )

    async def start(self, bot: BotRow) -> None:
        await self.shell.control.call(Resume(bot=bot.id))
        self.shell.changed(f"{bot.name} {self.shell.t(mark('paused'))}", Pause(bot=bot.id))
        self.shell.say(self.shell.t(mark("{bot} connects again")).format(bot=visible(bot.name)))

    async def stop(self, bot: BotRow) -> None:
        t = self.shell.t
        after = t(mark("not connected until it is resumed, over restarts too"))
        if await self._ask(
            mark("Pause {bot}?"), bot, after, keep=mark("Keep it on"), go=mark("Pause"), undo=mark("yes: u, or x")
        ):
            await self.shell.control.call(Pause(bot=bot.id))
            self.shell.changed(f"{bot.name} {t(mark('connected'))}", Resume(bot=bot.id))
            self.shell.say(t(mark("{bot} is paused")).format(bot=visible(bot.name)), t(mark("u puts it back")))

    async def reconnect(self, bot: BotRow) -> None:
        after = self.shell.t(mark("the connection is closed and opened anew; no other bot is touched"))
        if await self._ask(mark("Connect {bot} anew?"), bot, after, keep=mark("Leave it"), go=mark("Reconnect")):
            await self.shell.control.call(Reconnect(bot=bot.id))
            self.shell.say(self.shell.t(mark("{bot} connects again")).format(bot=visible(bot.name)))

    async def disconnect(self, bot: BotRow) -> None:
        after = self.shell.t(mark("the connection is closed; the platform's side may connect again by itself"))
        if await self._ask(mark("Disconnect {bot}?"), bot, after, keep=mark("Keep connected"), go=mark("Disconnect")):
            await self.shell.control.call(Disconnect(bot=bot.id))
            self.shell.say(self.shell.t(mark("{bot} was disconnected")).format(bot=visible(bot.name)))

    async def remove(self, bot: BotRow) -> None:
        """For good: the name has to be typed."""
        t = self.shell.t
        facts = (
            (t(mark("Now")), self._now(bot)),
            (t(mark("After")), t(mark("its entry leaves kagami.toml, with its token; it is disconnected"))),
            (t(mark("Stays")), t(mark("its messages and traces"))),
            (t(mark("Undo")), t(mark("not from here: the history of the settings keeps the file"))),
        )
        head = t(mark("Remove {bot}?")).format(bot=visible(bot.name))
        if await self.shell.ask_name(Question(head, facts, t(mark("Keep it")), t(mark("Remove"))), bot.name):
            await self.shell.control.call(RemoveBot(bot=bot.id))
            self.shell.say(t(mark("{bot} was removed")).format(bot=visible(bot.name)))

    async def test(self, bot: BotRow) -> None:
        """From outside, step by step."""
        t = self.shell.t
        found: list[Finding] = await self.shell.control.call(TestBot(bot=bot.id))
        rows = [
            f"{finding_sign(self.shell, each)} {say(each.text, t)}" + (f"\n    {say(each.fix, t)}" if each.fix else "")
            for each in found
        ]
        lines = "\n".join(rows).split("\n") if rows else [t(mark("There is nothing to try."))]
        await self.app.push_screen_wait(
            AnswerReader(self.shell, t(mark("Test of {bot}")).format(bot=visible(bot.name)), lines)
        )

    async def mute(self, bot: BotRow) -> None:
        """Its alerts, for an hour; again to end that."""
        t = self.shell.t
        rows: list[AlertRow] = await self.shell.control.call(ListAlerts())
        own = [
            each for each in rows if bot.id in (each.fields.get("id"), each.key.partition(" ")[2]) or bot.id in each.key
        ]
        if not own:
            raise NotFound(what=t(mark("alert")), name=bot.name)
        quiet = all(each.muted_s for each in own)
        for each in own:
            await self.shell.control.call(Mute(alert=each.key, minutes=0 if quiet else MUTED_MIN))
        told = (
            mark("{bot}: alerts are told again")
            if quiet
            else mark("{bot}: nobody is told of {count} alerts for an hour")
        )
        self.shell.say(t(told).format(bot=visible(bot.name), count=len(own)))

    async def _show_address(self) -> None:
        """What to paste into NapCat, as on the first screen."""
        t = self.shell.t
        there: Connection = await self.shell.control.call(Connect())
        question = Question(
            t(mark("Connect a bot")),
            (
                (t(mark("In NapCat")), t(mark("Network, New, WebSocket client: paste both, switch it on, save"))),
                (t(mark("URL")), there.url),
                (t(mark("Token")), there.token),
            ),
            keep=t(mark("Close")),
            go=t(mark("Copy the token")),
        )
        chosen = await self.shell.choose(question, (question.keep, t(mark("Copy the address")), question.go))
        if chosen:
            self.shell.copy(there.url if chosen == 1 else there.token)

    async def _ask(self, head: str, bot: BotRow, after: str, *, keep: str, go: str, undo: str = "") -> bool:
        t = self.shell.t
        facts = [
            (t(mark("Now")), self._now(bot)),
            (t(mark("After")), after),
            (t(mark("In flight")), t(mark("sends that wait for their answer become unknown"))),
        ]
        facts += [(t(mark("Undo")), t(undo))] if undo else []
        return await self.shell.ask(Question(t(head).format(bot=visible(bot.name)), tuple(facts), t(keep), t(go)))

    def _now(self, bot: BotRow) -> str:
        return f"{accounts.state_span(self.shell, bot).text}   {accounts.since(self.shell, bot)}"

    # What a card tells besides.

    async def table(self, bot: BotRow) -> Mapping[str, Any] | None:
        """Its entry among `[[bots]]`; None for one that connects by itself, or where that may not be seen."""
        try:
            rows: list[SettingRow] = await self.shell.control.call(ListSettings(group="bots"))
        except Denied:
            return None
        tables: list[dict[str, Any]] = next((each.value for each in rows if each.key == "bots"), [])
        named = [each for each in tables if each.get("name") and each["name"] in (bot.name, bot.id.partition(":")[2])]
        nameless = [each for each in tables if not each.get("name")]
        return named[0] if named else nameless[0] if len(tables) == 1 and nameless else None

    async def more(self, bot: BotRow) -> list[tuple[str, Span]]:
        """Pace and the latest chats, as pairs of a marked label and a span."""
        t = self.shell.t
        table = await self.table(bot)
        pace: Mapping[str, Any] = (table or {}).get("pace") or {}
        limits = [
            f"{pace[name]:g}/s {t(word)}"
            for name, word in (("account_per_second", mark("in all")), ("chat_per_second", mark("a chat")))
            if pace.get(name) is not None
        ]
        told = ", ".join(limits) or t(mark("as set for all bots"))
        rows: list[ChatRow] = await self.shell.control.call(ListChats(contains=bot.id, limit=FEW_CHATS))
        now = self.shell.clock.wall_ms()
        chats = [f"{row.chat} {row.chat_name}  {age((now - row.last_ms) / 1000)}" for row in rows if row.bot == bot.id]
        entry = t(mark("connects by itself")) if table is None else _address(table)
        found = [(mark("entry"), Span(entry)), (mark("pace"), Span(told))]
        return found + [(mark("chats") if not place else "", Span(chat, "dim")) for place, chat in enumerate(chats)]


def _address(table: Mapping[str, Any]) -> str:
    """Where it leads to; one whose address nobody had to give stands in the file all the same."""
    given = (str(table.get(key) or "") for key in ("url", "webui_url", "api_url", "panel_url"))
    return next(filter(None, given), "kagami.toml")


def _flat(table: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Dotted names."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        inner = isinstance(value, Mapping) and "set" not in value
        found |= _flat(value, f"{before}{name}.") if inner else {f"{before}{name}": value}
    return found
