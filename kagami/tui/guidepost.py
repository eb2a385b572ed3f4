"""Ways to find and do things that are the same everywhere: palette, command line, action sheet, help, notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

import msgspec

from kagami.errors import KagamiError, NotFound, UsageError
from kagami.i18n import mark, translator
from kagami.model.trace import Trace
from kagami.operations import registry
from kagami.operations.questions import told_before
from kagami.operations.registry import Operation
from kagami.operations.traces import ListTraces
from kagami.tui import commands
from kagami.tui.acting import Verb
from kagami.tui.actions import ACTIONS
from kagami.tui.desk import Desk
from kagami.tui.dialogs.answer import AnswerReader
from kagami.tui.dialogs.help import Help
from kagami.tui.dialogs.notices import NoticeList
from kagami.tui.dialogs.palette import Entry, Palette
from kagami.tui.dialogs.sheet import ActionSheet
from kagami.tui.finds import Finds
from kagami.tui.keymap import Keymap
from kagami.tui.keys import Action
from kagami.tui.looks import DENSE, THEMES, TIERS
from kagami.tui.places import BY_NAME
from kagami.tui.rewind import moment
from kagami.tui.shell import Question

_WHOLE_ID = 36
_TRACES = 1_000  # among which a part of an id is looked for
# Operations answer to many words; what the console itself can do comes before them.
_OPERATION_WEIGHT = 0.6


class Guidepost:
    """The verbs of the console that open something over a place."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._finds = Finds(desk)

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
            "help.keys": self.help_keys,
        }

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
        offers = [(action, place.refusal(action)) for action in place.actions if action.row or action.hint]
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
        await self.desk.push_screen_wait(Help(self.desk, title, place.PURPOSE, place.actions, self._everywhere()))

    async def help_keys(self) -> None:
        """The page of help that is the same for all places."""
        title = self.desk.t(mark("everywhere"))
        await self.desk.push_screen_wait(Help(self.desk, title, "", (), self._everywhere()))

    def _everywhere(self) -> list[Action]:
        known = {action.id for action in ACTIONS}
        return [action for action in self.desk.actions if action.id in known]

    async def notices(self) -> None:
        self.desk.toasts.seen()
        await self.desk.push_screen_wait(NoticeList(self.desk, tuple(self.desk.toasts.said)))

    async def palette(self) -> None:
        chosen = await self.desk.push_screen_wait(Palette(self.desk, await self._entries(), self._begin_line))
        if chosen is not None:
            chosen.do()

    async def _entries(self) -> list[Entry]:
        desk, place, entries = self.desk, self.desk.stage.current, list[Entry]()
        if place is not None:
            here = desk.t(BY_NAME[place.NAME].title)
            for action in place.actions:
                entries.append(self._entry(action, here, partial(place.action_act, action.id), place.refusal(action)))
        everywhere = desk.t(mark("everywhere"))
        entries += [
            self._entry(action, everywhere, partial(desk.action_act, action.id), desk.refusal(action))
            for action in self._everywhere()
            if action.id not in ("ui.palette", "ui.back", "ui.next", "ui.previous")
        ]
        entries += await self._finds.entries()
        return entries + [self._operation(each) for each in registry().by_name.values()]

    def _operation(self, found: Operation) -> Entry:
        begin = partial(self._begin, found.topic, found.verb)
        name = f"{found.topic} {found.verb}"
        other = f"{name} {_in_chinese(found.text)}"
        return Entry(self.desk.t(found.text), other, found.name, "", begin, weight=_OPERATION_WEIGHT)

    def _entry(self, action: Action, where: str, do: Callable[[], None], reason: str = "") -> Entry:
        key = action.keys[0] if action.keys else ""
        other = f"{action.text} {action.id} {_in_chinese(action.text)}"
        return Entry(self.desk.t(action.text), other, where, key, do, reason)

    def _begin(self, topic: str, verb: str) -> None:
        self._begin_line(f"{topic} {verb} ")

    def _begin_line(self, line: str) -> None:
        self.desk.run_worker(self.command(line), group="command")

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
            case commands.Go(place, target, when):
                await desk.open_place(place, await self._whole(target) if place == "trace" else target)
                if when:
                    await desk.rewind.go(moment(when, desk.clock.wall_ms()))
            case commands.Act(action):
                self._act(action)
            case commands.Rekey(action, keys):
                self._rekey(action, keys)
            case commands.LookAt(when):
                await desk.rewind.go(moment(when, desk.clock.wall_ms()) if when else desk.clock.wall_ms())
            case commands.Choose(what, value):
                self._choose(what, value)
            case commands.Run(operation, request):
                await self._run(operation, request)

    async def _run(self, operation: Operation, request: msgspec.Struct) -> None:
        """Call an operation, after a question where every face asks one, and show its answer."""
        desk, name = self.desk, operation.name
        if operation.asks:
            told = await told_before(operation, request, desk.control.call, desk.t)
            question = Question(
                name,
                ((desk.t(mark("What")), desk.t(operation.text)), *told),
                keep=desk.t(mark("Keep as it is")),
                go=desk.t(mark("Do it")),
            )
            if not await desk.ask(question):
                return
        rows = commands.answer_rows(await desk.control.call(request))
        if rows:
            await desk.push_screen_wait(AnswerReader(desk, name, rows))
        else:
            desk.say(name, desk.t(mark("done")))

    async def _whole(self, part: str) -> str:
        """The id of the newest message that has this part in its id: `7f31c2`."""
        if not part or len(part) >= _WHOLE_ID:
            return part
        rows: list[Trace] = await self.desk.control.call(ListTraces(limit=_TRACES))
        return next((row.execution for row in rows if part in row.execution), part)

    def _act(self, action: str) -> None:
        place = self.desk.stage.current
        if place is not None and any(each.id == action for each in place.actions):
            place.action_act(action)
        elif any(each.id == action for each in self.desk.actions):
            self.desk.action_act(action)
        else:
            raise NotFound(what="action", name=action)

    def _rekey(self, action: str, keys: str) -> None:
        """Take other keys from now on, where they can be taken."""
        desk = self.desk
        wanted = {each: text for each, text in desk.state.keys.items() if each != action}
        keymap = Keymap({**wanted, action: keys} if keys else wanted)
        self._rekey_all(keymap)
        refused = [each for each in keymap.refused if each.id == action]
        if refused:
            reason = desk.t(refused[0].text).format(key=refused[0].key, other=refused[0].other)
            self._rekey_all(desk.keymap)
            raise UsageError(reason=reason)
        desk.keymap, desk.state.keys = keymap, {**wanted, **({action: keys} if keys else {})}
        desk.refresh_chrome()
        desk.say(action, desk.t(mark("done")))

    def _rekey_all(self, keymap: Keymap) -> None:
        self.desk.rekey(keymap)
        for place in self.desk.stage.places:
            place.rekey(keymap)

    def _choose(self, what: str, value: str) -> None:
        if what == "lang":
            self.desk.dress(language=value)
            self.desk.state.language = value
        elif what == "theme":
            self.desk.dress(theme_name=value)
            self.desk.state.theme = value
        elif what == "density":
            self.desk.dress(dense=value == DENSE)
            self.desk.state.density = value
        else:
            self.desk.dress(glyphs=next(tier for tier in TIERS if tier == value))
            self.desk.state.glyphs = value


def _after(values: Sequence[str], value: str) -> str:
    return values[(values.index(value) + 1) % len(values)]


def _in_chinese(text: str) -> str:
    """A text of ours, which is found in either language, whichever is shown."""
    return translator("zh")(text)
