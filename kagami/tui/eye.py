"""What changes only what is seen: zoom, order, jumps, copies, kept views, tips, density."""

from __future__ import annotations

from collections.abc import Mapping

from textual.widget import Widget

from kagami.i18n import mark
from kagami.tui.acting import Verb
from kagami.tui.desk import Desk
from kagami.tui.dialogs.answer import AnswerReader
from kagami.tui.dialogs.jump import Jump, spots
from kagami.tui.keys import shown
from kagami.tui.place import Place
from kagami.tui.plain import screen_rows, show_and_wait
from kagami.tui.seen import ACTIONS
from kagami.tui.widgets.listing import Listing
from kagami.tui.widgets.painted import Painted
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.table import LiveTable

MOST_VIEWS = 20


class Eye:
    """The verbs of one console."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._hidden: Widget | None = None  # the inspector that was hidden last

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "ui.jump": self.jump,
            "ui.zoom": self.zoom,
            "ui.inspector": self.inspector,
            "ui.sort": self.sort,
            "ui.reverse": self.reverse,
            "ui.copy": self.copy,
            "ui.plain": self.plain,
            "ui.saveview": self.save_view,
            "ui.density": self.density,
            "ui.tips": self.tips,
            "ui.keys": self.keys,
        }

    async def jump(self) -> None:
        chosen = await self.desk.push_screen_wait(Jump(self.desk, spots(self.desk.screen)))
        if chosen is not None:
            done = chosen.do()
            if done is not None:
                await done

    def zoom(self) -> None:
        place = self.desk.stage.current
        if place is not None and not place.zoom.end() and not place.zoom.begin(self.desk.focused):
            self._say("ui.zoom", mark("It has the whole place already."))

    def inspector(self) -> None:
        """Hide or show the pane beside a list; where there is none, open the row or leave it."""
        place, focused = self.desk.stage.current, self.desk.focused
        if place is None:
            return
        side = place.inspector()
        if side is not None and side.display and _beside(place, side):
            side.display = False
            self._hidden = side
            if focused in side.walk_children():
                place.take_focus()
        elif side is not None and side is self._hidden and not side.display:
            side.display, self._hidden = True, None
        elif isinstance(focused, Listing) and focused.key:
            focused.action_choose()
        elif not place.back():
            self._say("ui.inspector", mark("There is nothing to open here."))

    def sort(self) -> None:
        table = self._table("ui.sort")
        if table is not None:
            table.sort_next()

    def reverse(self) -> None:
        table = self._table("ui.reverse")
        if table is not None:
            table.sort(table.sorted_by, descending=not table.descending)

    def _table(self, action: str) -> LiveTable | None:
        focused = self.desk.focused
        if isinstance(focused, LiveTable):
            return focused
        self._say(action, mark("What has the focus is no table."))
        return None

    def copy(self) -> None:
        desk, focused = self.desk, self.desk.focused
        text = focused.copied() if isinstance(focused, Painted) else ""
        text = text or (desk.stage.current.subject() if desk.stage.current else "")
        if text:
            desk.copy(text)
        else:
            self._say("ui.copy", mark("There is nothing to copy here."))

    async def plain(self) -> None:
        desk, driver = self.desk, self.desk.own_driver
        if driver is None or not driver.can_suspend:
            self._say("ui.plain", mark("Here the screen's text can be selected as it is: hold Shift and drag."))
            return
        text = "\n".join(screen_rows(desk.screen)).rstrip()
        with desk.suspend():
            await show_and_wait(text, desk.t(mark("-- any key returns --")))

    def save_view(self) -> None:
        desk, place = self.desk, self.desk.stage.current
        view = place.filter_text() if place else ""
        if place is None or not view:
            self._say("ui.saveview", mark("Nothing is filtered here that could be kept: / filters."))
            return
        kept = [each for each in desk.state.views.get(place.NAME, []) if each != view]
        desk.state.views = {**desk.state.views, place.NAME: [*kept, view][-MOST_VIEWS:]}
        desk.say(desk.t(mark("Kept: {view}")).format(view=view), desk.t(mark("The palette goes there.")))

    def density(self) -> None:
        self.desk.dress(dense=not self.desk.looks.dense)
        self.desk.state.density = "dense" if self.desk.looks.dense else ""

    def tips(self) -> None:
        state = self.desk.state
        state.tips_off = not state.tips_off
        self.desk.crumbs.tip = ""
        self._say("ui.tips", mark("No tips any more.") if state.tips_off else mark("Tips are shown again."))

    async def keys(self) -> None:
        """What `keys` of the state and `:key` can name."""
        desk, place = self.desk, self.desk.stage.current
        actions = (*desk.actions, *(place.actions if place else ()))
        rows = [f"{each.id:<20} {' '.join(map(shown, each.keys)):<12} {desk.t(each.text)}" for each in actions]
        await desk.push_screen_wait(AnswerReader(desk, desk.t(mark("Keys: change one with :key ID KEY")), rows))

    def _say(self, action: str, words: str) -> None:
        found = next(each for each in ACTIONS if each.id == action)
        self.desk.say(self.desk.t(found.text), self.desk.t(words))


def _beside(place: Place, side: Widget) -> bool:
    """Something else of the place is shown too."""
    return any(isinstance(each, (Listing, Pane)) and each.region.area and side not in each.ancestors_with_self
               for each in place.query("*"))  # fmt: skip
