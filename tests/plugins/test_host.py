from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from kagami.errors import PluginError
from kagami.plugins.api import Context, Plugin, Settings
from kagami.plugins.manifest import Manifest
from kagami.ports import Handled
from kagami.testing.chat import chat_with
from kagami.testing.clock import FakeClock

Ctx = Context[Settings]
Write = Callable[..., Path]


async def test_what_nobody_wants_is_ignored() -> None:
    async with chat_with(Plugin()) as chat:
        await chat.says("hello")
        await chat.happens("notice", "group_increase.approve")
        await chat.finished()
        assert chat.handled == [Handled(), Handled()]


async def test_a_wrong_call_gets_a_usage_line() -> None:
    plugin = Plugin()

    @plugin.command("book", aliases=["订"])
    async def book(ctx: Ctx, city: str, days: int) -> None: ...

    async with chat_with(plugin) as chat:
        await chat.says("/订 上海 three")
        assert await chat.hears() == "days should be a whole number, not “three”.\nUsage: /订 <city> <days>"
        await chat.finished()
        assert chat.handled == [Handled("plugin@1.0.0", "handled")]


async def test_another_prefix_can_be_chosen() -> None:
    plugin = Plugin()

    @plugin.command("hi")
    async def hi(ctx: Ctx) -> str:
        return "hi"

    async with chat_with(plugin, prefix="！") as chat:
        await chat.says("/hi")
        await chat.says("！hi")
        assert await chat.hears() == "hi"
        assert chat.silent


def watching() -> tuple[Plugin[Settings], list[str]]:
    plugin, seen = Plugin(), list[str]()

    @plugin.command("go")
    async def go(ctx: Ctx) -> None:
        seen.append("command")

    @plugin.intent(keywords=["go"])
    async def some(ctx: Ctx) -> None:
        seen.append("intent")

    @plugin.on("message")
    async def every(ctx: Ctx) -> None:
        seen.append("message")

    @plugin.on("group_increase.approve")
    async def joined(ctx: Ctx) -> str:
        seen.append("joined")
        return "welcome"

    return plugin, seen


async def test_a_command_goes_before_intents_and_those_who_watch_see_both() -> None:
    plugin, seen = watching()
    async with chat_with(plugin) as chat:
        await chat.says("/go")
        await chat.finished()
        await chat.says("let us go")
        await chat.finished()
        await chat.says("nothing")
        await chat.finished()
    assert seen == ["command", "message", "intent", "message", "message"]


async def test_who_only_looked_has_not_handled_the_event() -> None:
    plugin, _ = watching()
    async with chat_with(plugin) as chat:
        await chat.says("nothing")
        await chat.finished()
        assert chat.handled == [Handled()]


async def test_an_event_is_found_by_its_exact_name() -> None:
    plugin, seen = watching()
    async with chat_with(plugin) as chat:
        await chat.happens("notice", "group_increase.approve")
        assert await chat.hears() == "welcome"
        await chat.happens("notice", "group_increase.invite")
        await chat.finished()
        assert chat.handled == [Handled("plugin@1.0.0", "handled"), Handled()]
    assert seen == ["joined"]


async def test_an_intent_knows_what_its_pattern_found() -> None:
    plugin = Plugin()

    @plugin.intent(regex=r"weather in (?P<city>\pL+)")
    async def weather(ctx: Ctx) -> str:
        return f"{ctx.groups['city']} {ctx.groups[1]}"

    async with chat_with(plugin) as chat:
        await chat.says("how is the weather in 上海?")
        assert await chat.hears() == "上海 上海"


@pytest.mark.parametrize(
    ("age", "outcome"), [(119, "handled"), (121, "late")], ids=["within two minutes", "after two minutes"]
)
async def test_an_old_command_is_recorded_and_not_answered(age: float, outcome: str) -> None:
    plugin = Plugin()

    @plugin.command("hi")
    @plugin.intent(keywords=["hello"])
    async def hi(ctx: Ctx) -> str:
        return "hi"

    async with chat_with(plugin, clock=FakeClock()) as chat:
        await chat.says("/hi", age=age)
        await chat.says("hello", age=age)
        await chat.finished()
        assert [each.outcome for each in chat.handled] == [outcome, outcome]
        assert chat.silent is (outcome == "late")


async def test_how_old_is_too_old_can_be_set_per_command_and_per_plugin() -> None:
    plugin = Plugin(max_age=10)

    @plugin.command("short")
    async def short(ctx: Ctx) -> None: ...

    @plugin.command("long", max_age=3_600)
    async def long(ctx: Ctx) -> None: ...

    async with chat_with(plugin, clock=FakeClock()) as chat:
        await chat.says("/short", age=60)
        await chat.finished()
        await chat.says("/long", age=60)
        await chat.finished()
        assert [each.outcome for each in chat.handled] == ["late", "handled"]


async def test_an_event_that_is_tried_again_is_not_late() -> None:
    plugin = Plugin()

    @plugin.command("hi", cooldown="1/min")
    async def hi(ctx: Ctx) -> str:
        return "hi"

    async with chat_with(plugin) as chat:
        execution = await chat.says("/hi", age=1)
        await chat.finished()
        execution.attempts = 1
        assert await chat.host.handle(execution) == Handled("plugin@1.0.0", "handled")


@pytest.mark.parametrize(
    ("cooldown", "other", "outcome"),
    [
        ("1/min/user", {"user": "2"}, "handled"),
        ("1/min/user", {"chat": "group:2"}, "limited"),
        ("1/min/chat", {"user": "2"}, "limited"),
        ("1/min/chat", {"chat": "group:2"}, "handled"),
        ("1/min/global", {"user": "2", "chat": "group:2"}, "limited"),
    ],
)
async def test_a_cooldown_holds_for_a_user_a_chat_or_all(cooldown: str, other: dict[str, str], outcome: str) -> None:
    plugin = Plugin()

    @plugin.command("hi", cooldown=cooldown)
    async def hi(ctx: Ctx) -> None: ...

    async with chat_with(plugin, clock=FakeClock()) as chat:
        await chat.says("/hi", user="1", chat="group:1")
        await chat.finished()
        await chat.says("/hi", user=other.get("user", "1"), chat=other.get("chat", "group:1"))
        await chat.finished()
        assert chat.handled[1].outcome == outcome


async def test_who_is_too_fast_is_told_once() -> None:
    plugin, clock = Plugin(), FakeClock()

    @plugin.command("hi", cooldown="1/min")
    async def hi(ctx: Ctx) -> str:
        return "hi"

    async with chat_with(plugin, clock=clock) as chat:
        for _ in range(4):
            await chat.says("/hi")
            await chat.finished()
        assert [await chat.hears(), await chat.hears()] == ["hi", "Not so fast: try again in 61 s."]
        assert chat.silent
        await clock.advance(61)
        await chat.says("/hi")
        assert await chat.hears() == "hi"


async def test_operators_commands_are_theirs_alone() -> None:
    plugin = Plugin()

    @plugin.command("stop", operator=True)
    async def stop(ctx: Ctx) -> str:
        return "stopped"

    async with chat_with(plugin) as chat:
        await chat.says("#stop")
        await chat.says("/stop")
        await chat.finished()
        assert chat.handled == [Handled(), Handled()]
        await chat.says("#stop", admin=True)
        assert await chat.hears() == "stopped"


async def test_a_failure_is_logged_under_the_plugins_name_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    plugin = Plugin()

    @plugin.command("fail")
    async def fail(ctx: Ctx) -> None:
        raise RuntimeError("broken")

    logger = logging.getLogger("kagami.plugin")
    logger.addHandler(caplog.handler)
    async with chat_with(plugin) as chat:
        await chat.says("/fail")
        with pytest.raises(PluginError):
            await chat.finished()
        row = chat.host.office.rows()[0]
    logger.removeHandler(caplog.handler)
    assert (row.failed, row.handled) == (1, 0)
    assert "RuntimeError: broken" in caplog.text
    assert "in fail" in caplog.text


async def test_one_of_several_who_watch_may_fail_and_disturbs_nobody() -> None:
    plugin = Plugin()

    @plugin.on("message")
    async def fail(ctx: Ctx) -> None:
        raise RuntimeError("broken")

    @plugin.on("message")
    async def answer(ctx: Ctx) -> str:
        return "here"

    async with chat_with(plugin) as chat:
        await chat.says("hello")
        assert await chat.hears() == "here"
        await chat.finished()
        assert chat.host.office.rows()[0].failed == 1


async def test_the_only_one_who_watches_is_tried_again() -> None:
    plugin = Plugin()

    @plugin.on("message")
    async def fail(ctx: Ctx) -> None:
        raise RuntimeError("broken")

    async with chat_with(plugin) as chat:
        await chat.says("hello")
        with pytest.raises(PluginError):
            await chat.finished()


async def test_a_write_is_an_act() -> None:
    plugin = Plugin()

    @plugin.on("message")
    async def count(ctx: Ctx) -> None:
        await ctx.store.put("count", await ctx.store.get("count", 0) + 1)

    async with chat_with(plugin) as chat:
        await chat.says("hello")
        await chat.finished()
        assert chat.handled == [Handled("plugin@1.0.0", "handled")]


async def test_what_was_handled_is_counted_and_measured() -> None:
    plugin = Plugin()

    @plugin.command("hi")
    async def hi(ctx: Ctx) -> None:
        await asyncio.sleep(0.002)

    async with chat_with(plugin) as chat:
        await chat.says("/hi")
        await chat.finished()
        row = chat.host.office.rows()[0]
        assert (row.id, row.state, row.handled, row.commands) == ("plugin", "active", 1, ("/hi",))
        assert row.p95_ms >= 2


async def test_the_file_of_a_plugin_is_blamed(tmp_path: Path, write: Write) -> None:
    folder = write("greeter", main="from kagami.plugins.api import Plugin\nplugin = Plugin()")
    async with chat_with(tmp_path) as chat:
        frames = ["/usr/lib/asyncio/events.py", str(folder / "main.py"), "/usr/lib/time.py"]
        assert chat.host.blame(frames) == "greeter"
        assert chat.host.blame(["/usr/lib/time.py"]) == ""


async def test_built_in_plugins_are_there(tmp_path: Path) -> None:
    async with chat_with(tmp_path) as chat:
        assert [(row.id, row.builtin, row.state) for row in chat.host.office.rows()] == [
            ("admin", True, "active"),
            ("echo", True, "active"),
            ("help", True, "active"),
        ]
        await chat.says("/echo [CQ:at,qq=all]  x")
        assert await chat.hears() == "[CQ:at,qq=all]  x"


async def test_what_a_handler_wrote_that_failed_among_others_is_forgotten() -> None:
    plugin = Plugin[Settings]()

    @plugin.on("message")
    async def breaks(ctx: Ctx) -> None:
        await ctx.store.put("half", 1)
        raise ValueError("in the middle")

    @plugin.on("message")
    async def counts(ctx: Ctx) -> None:
        await ctx.store.put("seen", 1)

    async with chat_with(plugin) as chat:
        await chat.says("hello")
        await chat.finished()
        assert [key for _, key in chat.store.kept] == ["seen"]


async def test_a_conversation_holds_no_version_of_another_plugin(write: Write, tmp_path: Path) -> None:
    code = """
    from kagami.plugins.api import Plugin
    plugin = Plugin()
    @plugin.command("hello")
    async def hello(ctx): ...
    @plugin.on("message")
    async def watch(ctx): ...
    """
    write("greeter", main=code)
    boss = Plugin()

    @boss.command("again")
    async def again(ctx: Context[Settings]) -> str:
        (row,) = await chat.host.fleet.reload("greeter")
        return f"{row.error}{row.survivors}"

    async with chat_with(tmp_path) as chat:
        await chat.host.adopt(Manifest(id="boss", version="1.0.0", entry="x:y"), boss)
        await chat.says("/again")
        assert await chat.hears() == "()"


async def test_a_rule_for_one_plugin_hides_the_event_from_the_others() -> None:
    plugin, seen = watching()
    async with chat_with(plugin) as chat:
        other = Plugin()

        @other.on("message")
        async def every(ctx: Ctx) -> None:
            seen.append("other")

        await chat.host.adopt(Manifest(id="other", version="1.0.0", entry="x:y"), other)
        execution = await chat.says("/go")
        await chat.finished()
        seen.clear()
        execution.only = "other"
        assert chat.host.wants(execution)
        await chat.host.handle(execution)
        assert seen == ["other"]
        execution.only = "gone"
        assert not chat.host.wants(execution)


async def test_it_tells_who_would_take_an_event_and_whether_a_plugin_serves() -> None:
    plugin, _ = watching()
    async with chat_with(plugin) as chat:
        said = (await chat.says("/go")).event
        await chat.finished()
        assert chat.host.takers(said) == ["plugin@1.0.0"]
        assert chat.host.takers(said, "gone") == []
        assert [chat.host.serves("plugin"), chat.host.serves("gone")] == [True, False]
