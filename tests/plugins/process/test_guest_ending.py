"""How a child begins and ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugins.process.guesthost import guest, plugin

WAIT = """
    @plugin.command("wait")
    async def wait(ctx: Context) -> str:
        return await ctx.ask("?")
"""


async def test_hooks_are_run_when_the_host_says_so(tmp_path: Path) -> None:
    code = """
        @plugin.start
        async def begin(life: Lifetime) -> None:
            await life.store.put("begun", True)

        @plugin.stop
        async def end(life: Lifetime) -> None:
            await life.store.put("ended", True)
    """
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, code))
        assert (ready.payload.hooks.start, ready.payload.hooks.stop) == (True, True)
        for name in ("on_start", "on_stop"):
            host.event(name)
            assert (await host.stores())["event"] == ""
            assert (await host.hears())["ok"]
        assert host.kept == {"begun": True, "ended": True}


async def test_a_failing_start_hook_is_told(tmp_path: Path) -> None:
    code = """
        @plugin.start
        async def begin(life: Lifetime) -> None:
            raise RuntimeError("no database")
    """
    async with guest() as host:
        await host.hello(plugin(tmp_path, code))
        host.event("on_start")
        assert (await host.hears())["error"]["code"] == "RuntimeError"


async def test_shutdown_stops_and_undoes_what_the_plugin_started(tmp_path: Path) -> None:
    code = """
        @plugin.start
        async def begin(life: Lifetime) -> None:
            life.scope.on_close(lambda: life.log.warning("undone"))

        @plugin.stop
        async def end(life: Lifetime) -> None:
            life.log.warning("stopped")
    """
    async with guest() as host:
        await host.hello(plugin(tmp_path, code))
        host.event("on_start")
        await host.hears()
        host.say(type="shutdown")
        with pytest.raises(EOFError):
            await host.hears()
        assert await host.ends() == 0
    assert host.logs == ["stopped", "undone"]


async def test_it_ends_when_its_host_is_gone(tmp_path: Path) -> None:
    async with guest() as host:
        ready = await host.hello(plugin(tmp_path, WAIT))
        host.command(ready, "/wait")
        await host.hears()
        assert host.process.stdin is not None
        host.process.stdin.close()
        assert await host.ends() == 0


async def test_a_thread_of_the_plugin_does_not_keep_the_process(tmp_path: Path) -> None:
    code = """
        import threading
        threading.Thread(target=threading.Event().wait).start()
    """
    async with guest() as host:
        await host.hello(plugin(tmp_path, code))
        host.say(type="shutdown")
        assert await host.ends() == 0
