"""Ways to find and do things that are the same everywhere: palette, command line, action sheet, help, notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from kagami.errors import KagamiError
from kagami.i18n import mark
from kagami.operations import registry
from kagami.operations.bots import ListBots
from kagami.operations.plugins import ListPlugins
from kagami.operations.registry import Operation
from kagami.ports import BotRow, PluginRow
from kagami.tui import commands
from kagami.tui.acting import Verb
from kagami.tui.actions import ACTIONS
from kagami.tui.desk import Desk
from kagami.tui.dialogs.answer import AnswerReader
from kagami.tui.dialogs.help import Help
from kagami.tui.dialogs.notices import NoticeList
from kagami.tui.dialogs.palette import Entry, Palette
from kagami.tui.dialogs.sheet import ActionSheet
from kagami.tui.keys import Action
from kagami.tui.looks import THEMES, TIERS
from kagami.tui.places import BY_NAME
from kagami.tui.shell import Question

# Operations answer to many words; what the console itself can do comes before them.
_OPERATION_WEIGHT = 0.6


class Guidepost:
    """The verbs of the console that open something over a place."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "ui.sheet": self.sheet,
            "ui.palette": self.palette,
            "ui.command": self.command,
            "ui.notices": self.notices,
            "ui.lang": self.language,
            "ui.theme": lambda: self._choose("theme", _after(THEMES, self.desk.looks.theme)),
            "ui.glyphs": lambda: self._choose("glyphs", _after(TIERS, self.desk.looks.glyphs.tier)),
            "ui.screenshot": self._picture,
            "help.screen": self.help,
        }

    def later(self, action: Action) -> None:
        """A digit whose place is not here yet."""
        self.desk.say(self.desk.t(action.label), self.desk.t(mark("This place comes with a later version.")))

    def _picture(self) -> None:
        now = datetime.fromtimestamp(self.desk.clock.wall_ms() / 1000).astimezone()
        self.desk.say(
            self.desk.t(mark("Picture written")), self.desk.save_screenshot(f"kagami-{now:%Y%m%d-%H%M%S}.svg")
        )

    def language(self) -> None:
        """The other language; a terminal that takes only ASCII stays with English."""
        desk = self.desk
        if desk.looks.text == "ascii" and desk.language == "en":
            desk.say("中文", "This terminal shows ASCII only, so Chinese cannot be shown.", "warning")
            return
        desk.dress(language="zh" if desk.language == "en" else "en")
        desk.state.language = desk.language

    async def sheet(self) -> None:
        place = self.desk.stage.current
        if place is None:
            return
        offers = [(action, place.refusal(action)) for action in place.ACTIONS if action.row or action.hint]
        # What is about the selected thing comes first.
        offers.sort(key=lambda offer: not offer[0].row)
        subject = place.subject() or self.desk.t(BY_NAME[place.NAME].title)
        if not offers:
            self.desk.say(subject, self.desk.t(mark("Nothing can be done here.")))
            return
        chosen = await self.desk.push_screen_wait(ActionSheet(self.desk, subject, offers))
        if chosen:
            place.action_act(chosen)

    async def help(self) -> None:
        place = self.desk.stage.current
        if place is None:
            return
        title = self.desk.t(BY_NAME[place.NAME].title)
        await self.desk.push_screen_wait(Help(self.desk, title, place.PURPOSE, place.ACTIONS, ACTIONS))

    async def notices(self) -> None:
        self.desk.toasts.seen()
        await self.desk.push_screen_wait(NoticeList(self.desk, tuple(self.desk.toasts.said)))

    async def palette(self) -> None:
        chosen = await self.desk.push_screen_wait(Palette(self.desk, await self._entries()))
        if chosen is not None:
            chosen.do()

    async def _entries(self) -> list[Entry]:
        desk, place, entries = self.desk, self.desk.stage.current, list[Entry]()
        if place is not None:
            here = desk.t(BY_NAME[place.NAME].title)
            for action in place.ACTIONS:
                entries.append(self._entry(action, here, partial(place.action_act, action.id), place.refusal(action)))
        everywhere = desk.t(mark("everywhere"))
        entries += [
            self._entry(action, everywhere, partial(desk.action_act, action.id))
            for action in ACTIONS
            if action.id not in ("ui.palette", "ui.back", "ui.next", "ui.previous")
        ]
        entries += [self._bot(row) for row in await self._bots()]
        entries += [self._plugin(row) for row in await self._plugins()]
        return entries + [self._operation(each) for each in registry().by_name.values()]

    def _operation(self, found: Operation) -> Entry:
        begin = partial(self._begin, found.topic, found.verb)
        name = f"{found.topic} {found.verb}"
        return Entry(self.desk.t(found.text), name, found.name, "", begin, weight=_OPERATION_WEIGHT)

    def _entry(self, action: Action, where: str, do: Callable[[], None], reason: str = "") -> Entry:
        key = action.keys[0] if action.keys else ""
        return Entry(self.desk.t(action.text), f"{action.text} {action.id}", where, key, do, reason)

    def _bot(self, row: BotRow) -> Entry:
        where = self.desk.t(mark("bot"))
        return Entry(f"{row.name}  {row.id}", row.adapter, where, "", partial(self.desk.go, "bots", row.id))

    async def _bots(self) -> list[BotRow]:
        try:
            rows: list[BotRow] = await self.desk.control.call(ListBots())
        except KagamiError:
            return []  # the palette works without the engine
        return rows

    def _plugin(self, row: PluginRow) -> Entry:
        where = self.desk.t(mark("plugin"))
        words = f"{row.name}  {row.version}"
        return Entry(words, row.id, where, "", partial(self.desk.go, "plugins", row.id))

    async def _plugins(self) -> list[PluginRow]:
        try:
            rows: list[PluginRow] = await self.desk.control.call(ListPlugins())
        except KagamiError:
            return []
        return rows

    def _begin(self, topic: str, verb: str) -> None:
        self.desk.run_worker(self.command(f"{topic} {verb} "), group="command")

    async def command(self, line: str = "") -> None:
        desk = self.desk
        text = await desk.prompt(":", line, words=commands.words())
        if not text or not text.strip():
            return
        desk.remember_command(text.strip())
        try:
            await self._obey(commands.parse(text))
        except KagamiError as error:
            desk.say(f":{text.strip()}", error.text(desk.t), "error")

    async def _obey(self, command: commands.Command) -> None:
        desk = self.desk
        match command:
            case commands.Go(place, target):
                desk.go(place, target)
            case commands.Act(action):
                desk.action_act(action)
            case commands.Choose(what, value):
                self._choose(what, value)
            case commands.Run(operation, request):
                name = operation.name
                question = Question(
                    name,
                    ((desk.t(mark("What")), desk.t(operation.text)), (desk.t(mark("Request")), repr(request))),
                    keep=desk.t(mark("Keep as it is")),
                    go=desk.t(mark("Do it")),
                )
                if operation.asks and not await desk.ask(question):
                    return
                rows = commands.answer_rows(await desk.control.call(request))
                if rows:
                    await desk.push_screen_wait(AnswerReader(desk, name, rows))
                else:
                    desk.say(name, desk.t(mark("done")))

    def _choose(self, what: str, value: str) -> None:
        if what == "lang":
            self.desk.dress(language=value)
            self.desk.state.language = value
        elif what == "theme":
            self.desk.dress(theme_name=value)
            self.desk.state.theme = value
        else:
            self.desk.dress(glyphs=next(tier for tier in TIERS if tier == value))


def _after(values: Sequence[str], value: str) -> str:
    return values[(values.index(value) + 1) % len(values)]
