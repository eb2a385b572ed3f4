"""What an operator does in chats: what is asked before, and how it is told."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import msgspec
from textual.app import App

from kagami.i18n import mark
from kagami.model.message import preview
from kagami.operations.messages import DropDead, Replay, Search
from kagami.operations.people import EndSession
from kagami.operations.plugins import EndDialog, ListChoices, ListPlugins, PinChat, Switch
from kagami.operations.sending import DeleteMessage, Done, Resend, SendMessage
from kagami.ports import ChatChoice, ChatRow, DialogRow, MessageRow, Open, OperatorRow, PluginRow
from kagami.reasons.say import say
from kagami.tui.dialogs.pick import Offer, Pick
from kagami.tui.figures import age, moment
from kagami.tui.format import visible
from kagami.tui.identity import Replayed
from kagami.tui.plugin_rows import title
from kagami.tui.shell import Leave, Question, Shell

MOST_FOUND = 200
_FILTER = re.compile(r"(?:^|\s)(bot|chat|user|is|dir):(\S+)")


def read_search(words: str) -> Search:
    """`天气 bot:qq:1 chat:group:7 user:10001 is:failed dir:out`: filters anywhere beside the text."""
    found = dict(_FILTER.findall(words))
    way = found.get("dir", "")
    return Search(
        text=" ".join(_FILTER.sub(" ", words).split()),
        bot=found.get("bot", ""),
        chat=found.get("chat", ""),
        user=found.get("user", ""),
        direction="in" if way == "in" else "out" if way == "out" else "",
        outcome=found.get("is", ""),
        limit=MOST_FOUND,
    )


@dataclass(slots=True)
class ChatActs:
    """`app` shows the dialogs."""

    shell: Shell
    app: App[Leave]

    # Messages.

    async def reply(self, row: MessageRow | None, bot: str, chat: str, name: str) -> None:
        """Say something there, as the bot; with a message under the cursor it is quoted."""
        t = self.shell.t
        where = visible(name or chat)
        text = await self.shell.prompt(t(mark("say as {bot} in {chat}")).format(bot=visible(bot), chat=where))
        if not text or not text.strip():
            return
        quoted = row is not None and row.direction == "in" and bool(row.message_id)
        facts = [(t(mark("As")), bot), (t(mark("In")), f"{chat} {name}"), (t(mark("Text")), text)]
        facts += [(t(mark("Quotes")), row.text)] if quoted and row else []
        facts += [(t(mark("Undo")), t(mark("only by taking it back (D), where the platform allows that")))]
        question = Question(t(mark("Send this to real people?")), tuple(facts), t(mark("Keep it")), t(mark("Send")))
        if await self.shell.ask(question):
            reply_to = row.message_id if quoted and row else ""
            done: Done = await self.shell.control.call(SendMessage(bot=bot, chat=chat, text=text, reply_to=reply_to))
            self._tell(done)

    async def resend(self, row: MessageRow) -> None:
        t = self.shell.t
        twice = row.outcome == "unknown"
        doubt = mark("nobody knows whether it arrived: it may then be there twice")
        facts = (
            (t(mark("Text")), row.text),
            (t(mark("To")), f"{row.chat} {row.chat_name}"),
            (t(mark("What became of it")), say(row.reason, t) or row.outcome),
            (t(mark("Danger")), t(doubt if twice else mark("none: it certainly did not arrive"))),
        )
        if await self.shell.ask(Question(t(mark("Send it again?")), facts, t(mark("Leave it")), t(mark("Send again")))):
            self._tell(await self.shell.control.call(Resend(message=row.id)))

    async def delete(self, row: MessageRow) -> None:
        t = self.shell.t
        facts = (
            (t(mark("Text")), row.text),
            (t(mark("In")), f"{row.chat} {row.chat_name}"),
            (t(mark("After")), t(mark("gone for everybody there, as far as the platform allows; it stays in the log"))),
            (t(mark("Undo")), t(mark("no"))),
        )
        question = Question(t(mark("Take this message back?")), facts, t(mark("Leave it")), t(mark("Take back")))
        if await self.shell.ask(question):
            request = DeleteMessage(bot=row.bot, chat=row.chat, message_id=row.message_id)
            self._tell(await self.shell.control.call(request))

    def try_again(self, row: MessageRow) -> None:
        """In the sandbox, without doing anything."""
        self.shell.go("sandbox", Replayed(row.text, row.user, row.chat, row.sender, row.bot).target)

    def _tell(self, done: Done) -> None:
        t = self.shell.t
        if done.outcome == "sent":
            self.shell.say(t(mark("Done: the platform confirmed it")), done.message_id)
        else:
            word = mark("Not done") if done.outcome == "failed" else mark("Nobody knows whether it was done")
            self.shell.say(t(word), say(done.reason, t), "error")

    # What plugins do there.

    async def end_dialog(self, dialog: DialogRow) -> None:
        t, now = self.shell.t, self.shell.clock.wall_ms()
        facts = (
            (t(mark("Plugin")), dialog.plugin),
            (t(mark("Asked")), f"{dialog.prompt}   {dialog.user}"),
            (t(mark("Waits")), t(mark("{since}, {left} more")).format(
                since=age((now - dialog.since_ms) / 1000), left=age(max(0, dialog.until_ms - now) / 1000)
            )),
            (t(mark("After")), t(mark("the plugin is told that the time is up, and so is the person"))),
            (t(mark("Undo")), t(mark("no: the command has to be given again"))),
        )  # fmt: skip
        question = Question(t(mark("End this question?")), facts, t(mark("Let it wait")), t(mark("End it")))
        if await self.shell.ask(question):
            await self.shell.control.call(EndDialog(bot=dialog.bot, chat=dialog.chat, user=dialog.user))
            self.shell.say(t(mark("The question was ended")), dialog.plugin)

    async def switch(self, chat: ChatRow) -> None:
        """Turn a plugin off in this chat, or on again."""
        t = self.shell.t
        there: list[ChatChoice] = await self.shell.control.call(ListChoices(bot=chat.bot, chat=chat.chat))
        off = {each.plugin for each in there if each.off and each.chat}
        offers = await self._switchable(off, {each.plugin for each in there if each.off and not each.chat})
        name = visible(chat.chat_name or chat.chat)
        head = t(mark("Plugins in {chat}")).format(chat=name)
        chosen = await self.app.push_screen_wait(Pick(self.shell, head, offers))
        if chosen is None:
            return
        request = Switch(plugin=chosen, on=chosen in off, bot=chat.bot, chat=chat.chat)
        await self.shell.control.call(request)
        word = t(mark("on")) if request.on else t(mark("off"))
        was = t(mark("off")) if request.on else t(mark("on"))
        way_back = msgspec.structs.replace(request, on=not request.on)
        self.shell.changed(f"{chosen} {was} {chat.chat}", way_back)
        self.shell.say(f"{visible(chosen)}: {word}", t(mark("in {chat}; u puts it back")).format(chat=name))

    async def _switchable(self, off: set[str], everywhere: set[str]) -> list[Offer]:
        """Every plugin but those that are off everywhere, with what choosing it does."""
        t = self.shell.t
        rows: list[PluginRow] = await self.shell.control.call(ListPlugins())
        words = {True: t(mark("off here: turn on")), False: t(mark("on: turn off here"))}
        return [Offer(row.id, title(row), words[row.id in off]) for row in rows if row.id not in everywhere]

    async def pins(self) -> None:
        """All chats that are kept on a version, or where a plugin is off; the chosen one is given back."""
        t = self.shell.t
        rows: list[ChatChoice] = await self.shell.control.call(ListChoices())
        if not rows:
            self.shell.say(t(mark("No chat is kept on a version, and no plugin is off anywhere.")))
            return
        offers = [
            Offer(str(place), f"{each.plugin} {self._choice(each)}", f"{each.bot} {each.chat}")
            for place, each in enumerate(rows)
        ]
        chosen = await self.app.push_screen_wait(Pick(self.shell, t(mark("Kept and off; Enter gives back")), offers))
        if chosen is None:
            return
        found = rows[int(chosen)]
        if found.off:
            await self.shell.control.call(Switch(plugin=found.plugin, on=True, bot=found.bot, chat=found.chat))
            way_back: msgspec.Struct = Switch(plugin=found.plugin, on=False, bot=found.bot, chat=found.chat)
        else:
            await self.shell.control.call(PinChat(plugin=found.plugin, bot=found.bot, chat=found.chat))
            way_back = PinChat(plugin=found.plugin, bot=found.bot, chat=found.chat, version=found.version)
        self.shell.changed(f"{found.plugin} {self._choice(found)} {found.chat}", way_back)
        self.shell.say(t(mark("{plugin}: given back")).format(plugin=visible(found.plugin)), t(mark("u puts it back")))

    def _choice(self, choice: ChatChoice) -> str:
        return self.shell.t(mark("off")) if choice.off else choice.version

    # Dead letters and operators.

    async def replay(self, dead: Open) -> None:
        t = self.shell.t
        question = Question(
            t(mark("Handle this event again?")),
            (
                (t(mark("Message")), preview(dead.event.message)),
                (t(mark("Tries so far")), str(dead.attempts)),
                (t(mark("Last error")), say(dead.error, t)),
                (
                    t(mark("Already sent")),
                    t(mark("{count} messages; they are not sent again")).format(count=len(dead.sends)),
                ),
                (t(mark("After")), t(mark("its handler runs from the start; if it fails, it comes back here"))),
            ),
            keep=t(mark("Leave it")),
            go=t(mark("Handle again")),
        )
        if await self.shell.ask(question):
            await self.shell.control.call(Replay(execution=dead.event.execution))
            self.shell.say(t(mark("Being handled again")), preview(dead.event.message))

    async def replay_all(self, dead: list[Open]) -> None:
        t = self.shell.t
        facts = (
            (t(mark("Events")), str(len(dead))),
            (t(mark("After")), t(mark("each handler runs from the start; what fails comes back here"))),
        )
        question = Question(t(mark("Handle all of them again?")), facts, t(mark("Leave them")), t(mark("Handle all")))
        if await self.shell.ask(question):
            for each in dead:
                await self.shell.control.call(Replay(execution=each.event.execution))
            self.shell.say(t(mark("{count} are being handled again")).format(count=len(dead)))

    async def drop(self, dead: Open) -> None:
        t = self.shell.t
        reason = await self.shell.prompt(t(mark("why is it given up?")))
        if not reason or not reason.strip():
            return
        facts = (
            (t(mark("Message")), preview(dead.event.message)),
            (t(mark("Reason")), reason),
            (t(mark("After")), t(mark("it is never handled; its trace and the reason stay"))),
            (t(mark("Undo")), t(mark("no"))),
        )
        if await self.shell.ask(
            Question(t(mark("Give this event up?")), facts, t(mark("Keep it")), t(mark("Give up")))
        ):
            await self.shell.control.call(DropDead(execution=dead.event.execution, reason=reason.strip()))
            self.shell.say(t(mark("The event was given up")))

    async def kick(self, operator: OperatorRow) -> None:
        t = self.shell.t
        facts = (
            (t(mark("Who")), f"{t(operator.kind)} {operator.name}"),
            (t(mark("From")), operator.address or t(mark("this machine"))),
            (t(mark("Since")), moment(operator.since_ms)),
            (t(mark("After")), t(mark("their login ends at once; they may log in again"))),
        )
        question = Question(t(mark("Log {name} out?")), facts, t(mark("Leave them")), t(mark("Log out")))
        question = replace(question, title=question.title.format(name=visible(operator.name)))
        if await self.shell.ask(question):
            await self.shell.control.call(EndSession(id=operator.session))
            self.shell.say(t(mark("{name} was logged out")).format(name=visible(operator.name)))
