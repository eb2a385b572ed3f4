"""R1: what the explain bar says is what the router says, with and without unsaved edits."""

from __future__ import annotations

from kagami.core.routing import Router, Rule
from kagami.errors import Denied
from kagami.model.ids import BotId, ChatId, UserId
from kagami.operations.imagined import imagined
from kagami.operations.messages import ListMessages
from kagami.operations.routes import ExplainRoute
from kagami.tui.route_ask import line_of, to_text
from kagami.tui.screens.routes import Routes
from tests.tui.pilot import on_screen, run_console, screen_text, settled, until
from tests.tui.routed import RULES, Routed, live, typed
from tests.tui.world import message_row

TEXTS = ("/help", "/weather 北京", "/song 夜曲", "看图片", "/deploy now", "hello", "天气 上海", "/helpme /weather")
PLACES = (
    ("qq:10001000", "group:123456", "10001"),
    ("qq:10001000", "private:10002", "10002"),
    ("wechat:wxid_7", "private:wxid_9", "wxid_9"),
    ("qq:10002000", "group:777", "10066"),
    ("telegram:5510", "group:-100", "7"),
)
FIXTURES = [
    message_row(number, "in", text, bot=BotId(bot), chat=ChatId(chat), user=UserId(user))
    for number, (text, (bot, chat, user)) in enumerate((text, place) for text in TEXTS for place in PLACES)
]


async def test_the_winner_is_the_routers_own() -> None:
    control = Routed()
    async with run_console((100, 40), control=control) as (console, pilot):
        await typed(console, pilot, "5", "E")
        place = console.stage.current
        assert isinstance(place, Routes)
        bar, first = place.bar, place.draft.items[0].key
        for rules in (list(RULES), [RULES[1], Rule("*", "plugin:echo"), *RULES[2:]]):
            if rules != list(RULES):
                place.draft.remove(first)
                place.draft.add(rules[1], place.draft.items[0].key)
            for row in FIXTURES:
                bar.box.write(line_of(row))
                await bar._judged(bar.box.value)
                event = imagined(user=str(row.user), chat=row.chat, bot=row.bot, platform="", text=row.text)
                decision = Router(rules).decide(event, live)
                lines = ["".join(span.text for span in line).strip() for line in bar.page.lines(90, 9)]
                shown = next(line for line in lines if line.startswith("→"))
                why = f"rule {decision.number} wins" if decision.number else "no rule leads it elsewhere"
                assert shown == f"→ {to_text(console, decision.to)}   {why}"
        assert len(FIXTURES) == 40


async def test_up_and_down_bring_what_was_said_of_late() -> None:
    control = Routed(busy=True)
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5", "E", *"mine", "up")
        assert on_screen(console, "> user:qq:10001 chat:group:99871 bot:qq:10001000 y")
        await typed(console, pilot, "up", "up", "down")
        assert on_screen(console, "/roll 100d100")
        await typed(console, pilot, "down", "down", "down")
        assert on_screen(console, "> mine")
        await typed(console, pilot, "escape", "m", "enter")
        assert on_screen(console, "> user:qq:10001 chat:group:99871 bot:qq:10001000 y")


async def test_enter_says_the_text_in_the_sandbox() -> None:
    async with run_console(control=Routed()) as (console, pilot):
        await typed(console, pilot, "5", "E", *"group:7 /help me", "enter")
        await until(lambda: on_screen(console, "┃/help me"))


async def test_what_is_not_allowed_is_said_in_the_bar() -> None:
    def refuse(_: object) -> None:
        raise Denied(scope="routes:read")

    control = Routed()
    control.answers |= {ExplainRoute: refuse, ListMessages: refuse}
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5", "E", "x", "up")
        assert on_screen(console, "routes:read")


async def test_the_guard_is_asked_on_its_tab_and_told_before_the_rules() -> None:
    async with run_console((80, 40), control=Routed()) as (console, pilot):
        await typed(console, pilot, "5", "E", *"user:qq:10066 hi")
        assert on_screen(console, "! the guard keeps it out before any rule: user qq:10066")
        await typed(console, pilot, "escape", "l", "E")
        assert on_screen(console, "it is kept out by user qq:10066")
        place = console.stage.current
        assert isinstance(place, Routes)
        place.bar.box.write("这是 敏感词")
        await settled(console, pilot)
        assert on_screen(console, "the sender is told")
        place.bar.box.write("hello")
        await settled(console, pilot)
        assert any("passes the guard" in row for row in screen_text(console))
