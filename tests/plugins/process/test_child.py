"""What a child does to itself, it does to nobody else: every room ends with an answer of the other plugin."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from kagami.errors import Parked, PluginError
from kagami.plugins.config import ProcessConfig
from kagami.plugins.process.child import Child
from kagami.plugins.process.life import environment
from tests.plugins.process.children import QUICK, child_of, put, room

WITHIN_S = 20.0
MIB = 1 << 20
# Serves until it is told to do something else by the text of a command.
SERVE = """
ready()
while True:
    event = hear()
    if event["type"] != "event": continue
    what = event["payload"]["args"]
    if what == "die": os._exit(3)
    result(event, what)
"""


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            await asyncio.sleep(0.01)


async def serves(child: Child) -> None:
    await until(lambda: child.state == "ready")


async def hand_over(child: Child, args: str, execution: str = "e") -> Any:
    async with child.call("command", {"args": args}, execution=execution) as call:
        return await call.next()


async def fails(work: Callable[[], Awaitable[Any]]) -> str:
    """Why a call fails, when there is a process to take it."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                await work()
            except Parked:
                await asyncio.sleep(0.01)
            except PluginError as error:
                return str(error)


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        ("while True: print('noise ' * 20)", "a flood of log lines"),
        ("while True: sys.stderr.write('noise' + chr(10))", "a flood of log lines"),
        ("while True: sys.stdout.write('x' * 65536)", "a line over 1 MiB"),
        ("while True: sys.stdout.write('{' + chr(10))", "not a message"),
        ("while True: say(type='conquer')", "unknown type"),
        ("while True: result({'id': '77'}, 'unasked')", "'77', which it was not given"),
        ("while True: result(event, 'again and again')", "'1', which it was not given"),
        ("while True: say(type='storage', id='x', event='99', name='get')", "'99', which it was not given"),
        ("while True: say(type='storage', id='same', event=event['id'], name='sleep')", "two open requests"),
        ("sys.stdin.close(); os.close(0); time.sleep(99)", "it does not read its input"),
        ("kept = [bytearray(os.urandom(1 << 20)) for _ in range(400)]; hear()", "MB of memory|exited with 1"),
        (
            "[subprocess.Popen([sys.executable, '-S', '-c', 'input()']) for _ in range(40)]; hear()",
            "40|processes|MB of memory",
        ),
        ("open(os.environ['HOME'] + '/big', 'wb').write(bytes(9 << 20)); hear()", "MB of files|File too large"),
        ("[open(os.environ['HOME'] + f'/{n}', 'wb').write(bytes(1 << 20)) for n in range(9)]; hear()", "MB of files"),
        ("os._exit(3)", "it exited with 3"),
        ("os.kill(os.getpid(), 11)", "SIGSEGV"),
    ],
)
async def test_a_hostile_child_is_ended_and_the_reason_named(tmp_path: Path, then: str, reason: str) -> None:
    code = f"ready()\nevent = hear()\nresult(event)\n{then}"
    config = ProcessConfig(memory_mb=128, processes=8, disk_mb=4, messages_per_second=2_000)
    # Long pauses: the first reason is the one that is read.
    async with room(tmp_path, code, config=config, times=replace(QUICK, pause=60.0)) as (chat, child):
        gc.collect()
        before = psutil.Process().memory_info().rss
        await chat.says("/do")
        await until(lambda: child.state in {"backoff", "crash_loop"})
        assert psutil.Process().memory_info().rss - before < 12 * MIB
        with pytest.raises(Parked):
            await hand_over(child, "x")
        assert any(each in child.reason for each in reason.split("|")), child.reason


async def test_nothing_of_a_child_survives_its_end(tmp_path: Path) -> None:
    code = """
    ready()
    event = hear()
    inner = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(99)"], start_new_session=True)
    result(event, str(inner.pid))
    hear()
    time.sleep(99)
    """
    async with room(tmp_path, code) as (chat, child):
        await chat.says("/do")
        pid = int(await chat.hears())
        pids = [child.pid, pid]
        await asyncio.sleep(3 * QUICK.look)  # let the watch see it
        await child.close()
    await until(lambda: not any(_runs(each) for each in pids))


async def test_what_goes_its_own_way_ends_with_the_child(tmp_path: Path) -> None:
    code = """
ready()
event = hear()
out, into = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        os.write(into, str(os.getpid()).encode())
        time.sleep(600)
    os._exit(0)
result(event, os.read(out, 10).decode())
hear()
"""
    async with room(tmp_path, code) as (chat, child):
        await chat.says("/do")
        pid = int(await chat.hears())
        await child.close()
        await until(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    with suppress(psutil.Error):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


async def test_a_child_that_ignores_every_signal_is_killed(tmp_path: Path) -> None:
    code = """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready()
    while True:
        line = sys.stdin.readline()
        if not line: time.sleep(99)
    """
    async with room(tmp_path, code) as (_, child):
        pid = child.pid
        await child.close()
        assert child.state == "stopped"
        assert not _runs(pid)


async def test_a_polite_child_gets_a_word_and_time(tmp_path: Path) -> None:
    code = """
    ready()
    assert hear()["type"] == "shutdown"
    time.sleep(0.1)
    open(os.environ["HOME"] + "/farewell", "w").write("bye")
    """
    async with room(tmp_path, code, times=replace(QUICK, stop=10.0)) as (_, child):
        await child.close()
    assert (tmp_path / "work" / "farewell").read_text() == "bye"


async def test_a_child_that_never_reads_holds_up_nobody(tmp_path: Path) -> None:
    code = "ready()\ntime.sleep(99)"
    async with room(tmp_path, code) as (_, child):
        before = psutil.Process().memory_info().rss

        async def push(number: int) -> None:
            with suppress(Parked):
                await hand_over(child, "x" * 100_000, f"e{number}")

        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(*(push(number) for number in range(500)))
        assert child.reason == "it does not read its input"
        assert psutil.Process().memory_info().rss - before < 12 * MIB


async def test_a_child_that_dies_is_started_again_and_serves(tmp_path: Path) -> None:
    async with room(tmp_path, SERVE) as (chat, child):
        with pytest.raises(Parked) as parked:
            await hand_over(child, "die")
        assert 0 < parked.value.seconds < 5
        await serves(child)
        await chat.says("/do again")
        assert await chat.hears() == "again"


async def test_an_event_that_ends_the_process_three_times_is_not_given_to_it_again(tmp_path: Path) -> None:
    async with room(tmp_path, SERVE) as (chat, child):
        reason = await fails(lambda: hand_over(child, "die", "poison"))
        assert reason.startswith(
            "Plugin child: this event ended its process 3 times, the last time so: it exited with 3"
        )
        await serves(child)
        pid = child.pid
        assert "exited with 3" in await fails(lambda: hand_over(child, "die", "poison"))
        await chat.says("/do other events")
        assert await chat.hears() == "other events"
        assert child.pid == pid


async def test_too_many_crashes_are_a_crash_loop_that_an_operator_can_end(tmp_path: Path) -> None:
    async with room(tmp_path, SERVE, times=replace(QUICK, pause=300.0), max_restarts=0) as (_, child):
        with pytest.raises(Parked):
            await hand_over(child, "die")
        assert child.state == "crash_loop"
        with pytest.raises(Parked) as parked:
            await hand_over(child, "x")
        assert parked.value.seconds > 200
        child.revive()
        await serves(child)
        assert (await hand_over(child, "x")).payload.reply == "x"


async def test_a_process_that_stands_in_for_another_runs_its_start_hook_first(tmp_path: Path) -> None:
    code = """
    ready(commands=[{"names": ["do"]}], hooks={"start": True})
    event = hear()
    assert event["name"] == "on_start", event
    result(event)
    event = hear()
    if event["payload"]["args"] == "die": os._exit(1)
    result(event, "started first")
    hear()
    """
    folder = tmp_path / "child"
    child = await child_of(put(folder, code), folder)
    try:
        assert (await child.hook("on_start")).ok
        with pytest.raises(Parked):
            await hand_over(child, "die")
        await serves(child)
        assert (await hand_over(child, "x")).payload.reply == "started first"
    finally:
        await child.close()


async def test_a_stored_value_is_upgraded_by_the_child(tmp_path: Path) -> None:
    code = """
    ready(state=2, hooks={"upgrade": True})
    event = hear()
    given = event["payload"]["data"]
    result(event, upgraded=["new:" + given["key"], [given["state"], given["value"]]])
    result(hear(), upgraded=None)
    say(type="result", id=hear()["id"], ok=False, error={"code": "ValueError", "message": "what is this?"})
    hear()
    """
    async with room(tmp_path, code) as (_, child):
        assert await child.upgrade(1, "k", {"n": 1}) == ("new:k", [1, {"n": 1}])
        assert await child.upgrade(1, "left out", 0) is None
        with pytest.raises(PluginError, match="what is this"):
            await child.upgrade(1, "k", 0)


async def test_a_child_that_ignores_cancellations_is_ended(tmp_path: Path) -> None:
    code = "ready()\nwhile True: hear()"
    async with room(tmp_path, code) as (_, child):
        for number in range(3):
            with suppress(TimeoutError):
                async with asyncio.timeout(0.01):
                    await hand_over(child, "x", f"e{number}")
        await until(lambda: "does not end" in child.reason)


async def test_a_child_sees_no_secrets_and_a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", "confidential")
    code = "ready()\nresult(hear(), json.dumps(dict(os.environ)))\nhear()"
    async with room(tmp_path, code) as (chat, _):
        await chat.says("/do")
        seen = await chat.hears()
    assert "confidential" not in seen
    assert str(tmp_path / "work") in seen


def test_the_environment_holds_little() -> None:
    ours = {"PATH": "/bin", "LANG": "C", "SECRET": "x", "HOME": "/somebody", "TZ": "UTC"}
    assert environment(ours, Path("/w")) == {
        "PATH": "/bin",
        "LANG": "C",
        "TZ": "UTC",
        "HOME": "/w",
        "TMPDIR": "/w",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
