"""Real child processes beside a plugin of this process, in one chat."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from kagami import log
from kagami.clock import SystemClock
from kagami.plugins.api import Context, Plugin, Settings
from kagami.plugins.config import ProcessConfig
from kagami.plugins.manifest import Manifest, read_manifest
from kagami.plugins.process.child import Child
from kagami.plugins.process.life import Times
from kagami.plugins.process.remote import open_child
from kagami.testing.chat import PluginChat, chat_with

QUICK = Times(ready=20.0, silent=0.5, stop=0.2, ignore=0.1, look=0.05, stall=0.3, quiet=0.5, pause=0.05)

# What a child of these tests has at hand.
PRELUDE = """
import json, os, signal, subprocess, sys, time
def say(**message):
    sys.stdout.write(json.dumps(message) + chr(10))
    sys.stdout.flush()
def hear():
    line = sys.stdin.readline()
    if not line: sys.exit(0)
    return json.loads(line)
def ready(**payload):
    hello = hear()
    say(type="ready", id="0", payload=payload or {"commands": [{"names": ["do"]}]})
    return hello["payload"]
def result(event, reply=None, **more):
    say(type="result", id=event["id"], ok=True, payload={"reply": reply} | more)
def ask(kind, event, name="", /, **payload):
    say(type=kind, id="r" + event["id"], event=event["id"], name=name, payload=payload)
    return hear()
"""


def put(folder: Path, code: str, **keys: Any) -> Manifest:
    """Write a plugin whose program is this Python code; its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.py").write_text(PRELUDE + textwrap.dedent(code), "utf-8")
    given: dict[str, Any] = {"id": "child", "version": "1.0.0", "api": "1", "runtime": "process", "max_restarts": 100}
    given["entry"] = [sys.executable, "-I", "-S", "main.py"]
    (folder / "plugin.json").write_text(json.dumps(given | keys), "utf-8")
    return read_manifest(folder)


async def child_of(
    manifest: Manifest, folder: Path, *, config: ProcessConfig | None = None, times: Times = QUICK, **settings: Any
) -> Child:
    return await open_child(
        manifest,
        folder,
        config=config or ProcessConfig(),
        settings=settings,
        work=folder.parent / "work",
        log=log.get(manifest.id),
        clock=SystemClock(),
        language="en",
        prefix="/",
        times=times,
    )


def other() -> Plugin[Settings]:
    """A plugin of this process, which no child may harm."""
    plugin = Plugin()

    @plugin.command("ping")
    async def ping(ctx: Context[Settings]) -> str:
        return "pong"

    return plugin


@asynccontextmanager
async def room(
    tmp_path: Path,
    code: str,
    *,
    config: ProcessConfig | None = None,
    times: Times = QUICK,
    settings: dict[str, Any] | None = None,
    **keys: Any,
) -> AsyncIterator[tuple[PluginChat, Child]]:
    """A chat with a child and with the other plugin, which must answer in the end."""
    folder = tmp_path / "child"
    child = await child_of(put(folder, code, **keys), folder, config=config, times=times, **(settings or {}))
    try:
        async with chat_with(other()) as chat:
            active = await chat.host.adopt(child.manifest, child.plugin)
            child.kit = active.kit
            yield chat, child
            while not chat.silent:
                await chat.receives()
            await chat.says("/ping", user="somebody else")
            assert await chat.hears() == "pong"
            await chat.abandon()
    finally:
        await child.close()
