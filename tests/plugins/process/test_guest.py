"""The child against a host that is played by the test, over real pipes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from kagami.plugins.process.limits import guest_command
from kagami.testing.chat import chat_with
from tests.plugins.process.guesthost import event_of, guest, plugin, said

BOOK = """
    from kagami.plugins.api import Chat, Context, Plugin, Settings

    class BookSettings(Settings):
        max_days: int = 7                       # a form in the settings screen

    plugin = Plugin(settings=BookSettings)

    @plugin.command("book", aliases=["订"], cooldown="5/min/user")
    async def book(ctx: Context[BookSettings], city: str, days: int | None = None) -> str:
        \"\"\"Book a trip, for example: /book 上海 3\"\"\"
        days = days or await ctx.ask("How many days?", int, le=ctx.settings.max_days, timeout=60, tries=3)
        if not await ctx.confirm(f"{city}, {days} days?"):
            return "Then not."
        await ctx.store.put(f"trip:{ctx.user}", {"city": city, "days": days})
        return f"Done: {city} × {days}"

    @plugin.cron("0 8 * * *", missed="once")
    async def morning(ctx: Context[BookSettings]) -> None: ...
"""


async def test_the_example_of_the_style_guide_answers_as_in_process(tmp_path: Path) -> None:
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, BOOK, ""), settings={"max_days": 3})
        call = host.command(ready, "/book 上海")
        question = await host.hears()
        assert (question["type"], said(question["payload"]["prompt"])) == ("ask", "How many days?")
        host.answer(question, "9")
        again = await host.hears()
        assert said(again["payload"]["prompt"]) == "It must be at most 3."
        host.answer(again, "2")
        sure = await host.hears()
        assert said(sure["payload"]["prompt"]) == "上海, 2 days?"
        host.answer(sure, "yes")
        assert await host.says() == "Done: 上海 × 2"
        put = await host.stores()
        assert (put["event"], host.kept) == (call, {"trip:10001": {"city": "上海", "days": 2}})
        result = await host.hears()
        assert (result["type"], result["id"], result["ok"]) == ("result", call, True)


@pytest.mark.parametrize("runtime", ["python", "process"])
async def test_a_chat_with_the_example_is_the_same_in_both_runtimes(tmp_path: Path, runtime: str) -> None:
    folder = tmp_path / "booker"
    folder.mkdir()
    plugin(folder, BOOK, "")
    manifest = {"id": "booker", "version": "1.0.0", "entry": "main:plugin", "runtime": runtime}
    (folder / "plugin.json").write_text(json.dumps(manifest | {"permissions": ["store"]}))
    async with chat_with(tmp_path, settings={"booker": {"max_days": 3}}) as chat:
        await chat.says("/book 上海")
        assert await chat.hears() == "How many days?"
        await chat.says("2")
        assert await chat.hears() == "上海, 2 days?"
        await chat.says("yes")
        assert await chat.hears() == "Done: 上海 × 2"
        chat.assert_no_leaks()
        assert json.loads(chat.store.kept["booker", "trip:10001"]) == {"city": "上海", "days": 2}


async def test_what_a_plugin_declares_is_in_its_ready(tmp_path: Path) -> None:
    async with guest() as host:
        ready = (await host.hello(plugin(tmp_path, BOOK, ""), settings={"max_days": 3})).payload
    (command,), (job,), (field,) = ready.commands, ready.jobs, ready.settings
    assert (command.names, command.usage, command.cooldown) == (("book", "订"), "<city> [days]", "5/60s/user")
    assert command.summary == "Book a trip, for example: /book 上海 3"
    assert (job.name, job.timetable, job.missed) == ("morning", "0 8 * * *", "once")
    assert (field.name, field.kind, field.value, field.default) == ("max_days", "int", 3, 7)


async def test_a_wrong_call_gets_a_usage_line(tmp_path: Path) -> None:
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, BOOK, ""), prefix="/")
        call = host.command(ready, "/book")
        assert await host.says() == "city is missing: a text.\nUsage: /book <city> [days]"
        assert (await host.hears())["id"] == call


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import nothing_like_it", "ModuleNotFoundError: No module named 'nothing_like_it' (main.py, line 4)"),
        ("def broken(:", "invalid syntax"),
        ("plugin = 3", "TypeError: main:plugin is int, not a kagami.plugins.api.Plugin"),
        ("sys.exit(3)", "SystemExit: 3 (main.py, line 4)"),
        ("raise ValueError('\\ud800')", "ValueError: ? (main.py, line 4)"),
    ],
)
async def test_a_plugin_that_cannot_be_loaded_says_why(tmp_path: Path, code: str, told: str) -> None:
    async with guest() as host:
        error = (await host.hello(plugin(tmp_path, code))).payload.error
    assert told in error
    assert "contain.py" not in error


async def test_settings_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, BOOK, ""), settings={"max_day": 3})
    assert "plugins.settings.tested.max_day" in ready.payload.error


async def test_a_failing_handler_tells_its_error_and_its_trace(tmp_path: Path) -> None:
    code = """
        @plugin.command("fail")
        async def fail(ctx: Context) -> None:
            raise ValueError("no such luck")
    """
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, code))
        host.command(ready, "/fail")
        error = (await host.hears())["error"]
    assert (error["code"], error["message"]) == ("ValueError", "no such luck")
    assert error["trace"].endswith("ValueError: no such luck (main.py, line 7)")


async def test_what_a_failing_handler_wrote_is_not_kept(tmp_path: Path) -> None:
    code = """
        @plugin.command("fail")
        async def fail(ctx: Context) -> None:
            await ctx.store.put("a", 1)
            raise ValueError
    """
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, code))
        host.command(ready, "/fail")
        assert (await host.hears())["type"] == "result"


async def test_a_handler_sees_its_own_writes(tmp_path: Path) -> None:
    code = """
        @plugin.command("count")
        async def count(ctx: Context) -> str:
            await ctx.store.put("n", await ctx.store.get("n", 0) + 1)
            await ctx.store.delete("old")
            return f"{await ctx.store.get('n')} {await ctx.store.keys()}"
    """
    async with guest() as host:
        host.kept = {"n": 4, "old": 1}
        ready = await host.hello(plugin(tmp_path, code))
        host.command(ready, "/count")
        assert [(await host.stores())["name"] for _ in range(2)] == ["get", "keys"]
        assert await host.says() == "5 ['n']"
        assert [(await host.stores())["name"] for _ in range(2)] == ["put", "delete"]
        assert (await host.hears())["ok"]
        assert host.kept == {"n": 5}


async def test_events_are_handled_side_by_side(tmp_path: Path) -> None:
    code = """
        @plugin.command("wait")
        async def wait(ctx: Context) -> str:
            return await ctx.ask("?")

        @plugin.command("ping")
        async def ping(ctx: Context) -> str:
            return "pong"
    """
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, code))
        host.command(ready, "/wait")
        question = await host.hears()
        ping = host.command(ready, "/ping")
        assert await host.says() == "pong"
        assert (await host.hears())["id"] == ping
        host.answer(question, "late")
        assert await host.says() == "late"


async def test_a_cancelled_call_ends_its_handler(tmp_path: Path) -> None:
    code = """
        @plugin.command("wait")
        async def wait(ctx: Context) -> None:
            try:
                await ctx.ask("?")
            finally:
                ctx.log.warning("undone")
    """
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, code))
        call = host.command(ready, "/wait")
        await host.hears()
        host.say(type="cancel", id=call)
        result = await host.hears()
    assert (result["id"], result["ok"], host.logs) == (call, False, ["undone"])


@pytest.mark.parametrize(
    "line",
    [
        b"no json\n",
        b"[]\n",
        b'{"type": "event"}\n',
        b'{"type": "nonsense", "id": "1"}\n',
        b"\xff\xfe\n",
        b'{"type": "response", "id": "99", "ok": true}\n',
        b'{"type": "cancel", "id": "99"}\n',
        b"[" * 100_000 + b"\n",
    ],
)
async def test_a_bad_line_ends_nothing(tmp_path: Path, line: bytes) -> None:
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, BOOK, ""))
        host.write(line)
        host.command(ready, "/book")
        assert "city is missing" in await host.says()


@pytest.mark.parametrize(
    "payload",
    [{}, {"event": 3}, {"handler": "nobody"}, {"handler": "command 0", "word": "book", "end": "x"}],
)
async def test_a_bad_event_gets_a_bad_result(tmp_path: Path, payload: dict[str, object]) -> None:
    async with guest() as host:
        await host.hello(plugin(tmp_path, BOOK, ""))
        given = {"event": msgspec.to_builtins(event_of("/book"))} | payload if payload else {}
        number = host.event("command", None, **given)
        result = await host.hears()
    assert (result["id"], result["ok"]) == (number, False)


async def test_output_of_the_plugin_is_no_part_of_the_protocol(tmp_path: Path) -> None:
    code = """
        print("{at import}")
        os.write(1, b"{raw}\\n")

        @plugin.command("say")
        async def say(ctx: Context) -> str:
            print('{"type": "result"}')
            os.system("echo shell")
            return repr(sys.stdin.read())
    """
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, code))
        host.command(ready, "/say")
        assert await host.says() == "''"
        assert (await host.hears())["type"] == "result"
        host.say(type="shutdown")
        _, errors = await host.process.communicate()
    assert [b"{at import}" in errors, b"{raw}" in errors, b"shell" in errors] == [True] * 3


async def test_an_intent_gets_its_groups_and_a_job_its_data(tmp_path: Path) -> None:
    code = """
        from dataclasses import dataclass

        @dataclass
        class Trip:
            city: str

        @plugin.intent(regex="to (?P<city>\\\\w+)")
        async def to(ctx: Context) -> str:
            return f"{ctx.groups[1]} {ctx.groups['city']}"

        @plugin.job("remind")
        async def remind(ctx: Context, trip: Trip) -> str:
            return f"off to {trip.city}"
    """
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, code))
        (intent,), (job,) = ready.payload.intents, ready.payload.jobs
        groups = {"0": "to Rome", "1": "Rome", "city": "Rome"}
        host.event("intent_0", event_of("to Rome"), handler=intent.key, groups=groups)
        assert await host.says() == "Rome Rome"
        assert (await host.hears())["ok"]
        host.event("on_schedule", event_of("", kind="schedule"), handler=job.key, data={"city": "Oslo"})
        assert await host.says() == "off to Oslo"


async def test_values_of_an_older_form_are_upgraded(tmp_path: Path) -> None:
    code = """
        @plugin.upgrade(1)
        def upgrade(key: str, value: object) -> tuple[str, object] | None:
            return None if key == "gone" else (f"new:{key}", [value])
    """
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, code))
        assert ready.payload.hooks.upgrade
        host.event("on_upgrade", None, data={"state": 1, "key": "a", "value": 3})
        assert (await host.hears())["payload"]["upgraded"] == ["new:a", [3]]
        host.event("on_upgrade", None, data={"state": 1, "key": "gone", "value": 3})
        assert (await host.hears())["payload"].get("upgraded") is None


async def test_a_reply_that_is_too_long_is_an_error_of_its_handler_alone(tmp_path: Path) -> None:
    code = """
        @plugin.command("long")
        async def long(ctx: Context) -> str:
            return "x" * 2_000_000
    """
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, code))
        host.command(ready, "/long")
        assert "too long" in (await host.hears())["error"]["message"]


async def test_many_events_at_once_get_as_many_results(tmp_path: Path) -> None:
    code = """
        @plugin.command("nap")
        async def nap(ctx: Context) -> None:
            await asyncio.sleep(0)
    """
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, code))
        calls = {host.command(ready, "/nap") for _ in range(300)}
        assert {(await host.hears())["id"] for _ in range(300)} == calls


def test_its_import_is_light() -> None:
    code = "import sys, kagami.plugins.process.guest\nprint(sorted(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heavy = {"aiohttp", "textual", "sqlite3", "websockets", "prometheus_client", "psutil", "uvloop"}
    assert not heavy & set(json.loads(found.replace("'", '"')))


async def test_it_needs_nothing_that_lies_beside_the_package(tmp_path: Path) -> None:
    (tmp_path / "kagami").mkdir()
    process = await asyncio.create_subprocess_exec(
        *guest_command(), cwd=tmp_path, env={}, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
