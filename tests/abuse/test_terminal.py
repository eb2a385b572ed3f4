"""SC1 to SC5 where operators' own lists are: plugins, routes, settings, people, the audit, backups.

`tests/tui/test_pty.py` does the same on a made-up world of chats, logs and traces. This house is a real one, and every
name and note in it is out to drive the terminal.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kagami import log
from kagami.config import load
from kagami.engine import Engine, open_engine
from kagami.errors import KagamiError
from kagami.home import Home, hold
from kagami.model.principal import Principal
from kagami.operations import registry
from kagami.testing.onebot import connect_implementation
from tests.tui.corpus import CONTROLS, EIGHT_BIT, ESCAPES, MARKUP, UNSEEN
from tests.tui.ptys import FIRST_PAINT, terminal
from tests.tui.test_pty import FRAME, strangers

NASTY = [each[:400].encode("utf-8", "replace").decode() for each in (*ESCAPES, *EIGHT_BIT, *CONTROLS, *UNSEEN, *MARKUP)]
TOUR = (
    "1 n \x1b 2 j \r \x1b 4 j \r j \x1b 5 j \r \x1b \t j j \t j \t j 7 \r j \x1b "
    "9 j j \r \x1b \t j j \t j \t j \t j 3 \r j"
)

pytestmark = pytest.mark.service


async def put(engine: Engine, operation: str, /, **given: Any) -> None:
    """Do it; what is refused is in the audit all the same."""
    found = registry().find(operation)
    who = Principal("token", "ci\x1b]2;owned\x07[@click=app.quit]x[/]", frozenset({"*"}), "\x1b[2J192.0.2.1")
    try:
        await engine.call(msgspec.convert(given, found.request), who)
    except KagamiError as error:
        log.get("tests").warning("refused", reason=error.text())


async def fill(engine: Engine) -> None:
    for number, text in enumerate(NASTY):
        await put(engine, "routes.add", match=f"user:{number}", to="plugins", note=text)
        await put(engine, "guard.add", kind="word", value=text.strip() or "x", note=text)
        await put(engine, "people.token_make", name=text[:60], scopes=["*:read"])
        await put(engine, "people.grant", role="tester", user=f"qq:{text[:40]}")
        await put(engine, "settings.set", key=text[:60], value=text)
        await put(engine, "bots.disconnect", bot=text[:60])
    where = engine.parts.connection()
    url = f"ws://127.0.0.1:{engine.gateway_port}/onebot/v11/ws"
    async with connect_implementation(url, token=where.token) as peer:
        for text in NASTY:
            await peer.say(f"/nasty {text}", user="20002", group="42", name=text)
        await peer.say("/echo done", user="20003", group="43")
        async with asyncio.timeout(10):
            while "done" not in str(await peer.called()):
                pass


def plugin(home: Path) -> None:
    """One whose own words are nasty, and which fails in them."""
    folder = home / "plugins" / "nasty" / "1.0.0"
    folder.mkdir(parents=True)
    text = "".join(NASTY[:12])
    manifest = {"id": "nasty", "version": "1.0.0", "entry": "main:plugin", "name": text[:60], "description": text}
    (folder / "plugin.json").write_text(json.dumps(manifest), "utf-8")
    code = """
from kagami.plugins.api import Context, Plugin, Rest, Settings
plugin = Plugin()
@plugin.command("nasty")
async def nasty(ctx: Context[Settings], text: Rest[str]) -> str:
    ctx.log.error(text, said=text)
    raise RuntimeError(text)
"""
    (folder / "main.py").write_text(code, "utf-8")


def tour(home: Path) -> bytes:
    with terminal("kagami", "--home", str(home), "attach", size=(140, 45)) as console:
        console.wait_for(FIRST_PAINT)
        for key in TOUR.split(" "):
            console.press(key)
        console.settle()
        assert console.child.poll() is None, bytes(console.output[-2_000:]).decode("utf-8", "replace")
        return bytes(console.output)


async def test_nothing_that_others_wrote_reaches_the_terminal_as_more_than_text(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    plugin(home)
    environ = {"KAGAMI_GATEWAY__PORT": "0", "KAGAMI_WEB__PORT": "0", "KAGAMI_LANGUAGE": "en"}
    settings, ring = load(Home(home), environ=environ), log.Ring()
    with hold(settings.home):
        async with open_engine(settings, ring) as engine:
            await fill(engine)
            output = await asyncio.to_thread(tour, home)
    assert strangers(output, FRAME) == set()
    for word in ("Routes", "Plugins", "owned", "nasty"):
        assert word in output.decode()
