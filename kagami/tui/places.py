"""Where one can go: digits, titles, and the modules that are imported at the first visit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kagami.i18n import mark
from kagami.tui.keys import Action

if TYPE_CHECKING:
    from kagami.tui.place import Place
    from kagami.tui.shell import Shell

# ruff: noqa: PLC0415


@dataclass(frozen=True, slots=True)
class Entry:
    """`short` is the word of a tab; `make` imports the place."""

    name: str
    digit: str
    title: str
    short: str
    make: Callable[[Shell], Place]

    @property
    def go(self) -> str:
        return f"go.{self.name}"


def _overview(shell: Shell) -> Place:
    from kagami.tui.screens.overview import Overview

    return Overview(shell)


def _bots(shell: Shell) -> Place:
    from kagami.tui.screens.bots import Bots

    return Bots(shell)


def _logs(shell: Shell) -> Place:
    from kagami.tui.screens.logs import Logs

    return Logs(shell)


def _plugins(shell: Shell) -> Place:
    from kagami.tui.screens.plugins import Plugins

    return Plugins(shell)


def _routes(shell: Shell) -> Place:
    from kagami.tui.screens.routes import Routes

    return Routes(shell)


def _chats(shell: Shell) -> Place:
    from kagami.tui.screens.chats import Chats

    return Chats(shell)


def _trace(shell: Shell) -> Place:
    from kagami.tui.screens.trace import Trace

    return Trace(shell)


def _sandbox(shell: Shell) -> Place:
    from kagami.tui.screens.sandbox import Sandbox

    return Sandbox(shell)


def _settings(shell: Shell) -> Place:
    from kagami.tui.screens.settings import Settings

    return Settings(shell)


PLACES = (
    Entry("overview", "1", mark("Overview"), mark("Home"), _overview),
    Entry("bots", "2", mark("Bots"), mark("Bots"), _bots),
    Entry("logs", "3", mark("Logs"), mark("Logs"), _logs),
    Entry("plugins", "4", mark("Plugins"), mark("Plugs"), _plugins),
    Entry("routes", "5", mark("Routes"), mark("Routes"), _routes),
    Entry("chats", "6", mark("Chats"), mark("Chats"), _chats),
    Entry("trace", "7", mark("Trace"), mark("Trace"), _trace),
    Entry("sandbox", "8", mark("Sandbox"), mark("Try"), _sandbox),
    Entry("settings", "9", mark("Settings"), mark("Set"), _settings),
)
BY_NAME = {entry.name: entry for entry in PLACES}

_TEXTS = {
    "overview": mark("Go to Overview: load, bots and what needs you"),
    "bots": mark("Go to Bots: accounts and their connections"),
    "logs": mark("Go to Logs: what the engine and plugins say"),
    "plugins": mark("Go to Plugins: versions, canaries and settings"),
    "routes": mark("Go to Routes: rules, workers and who is kept out"),
    "chats": mark("Go to Chats: conversations and the message search"),
    "trace": mark("Go to Trace: one message's way through Kagami"),
    "sandbox": mark("Go to Sandbox: talk to your plugins without an account"),
    "settings": mark("Go to Settings: every key, people, privacy and backups"),
}
ACTIONS = tuple(Action(entry.go, (entry.digit,), entry.title, _TEXTS[entry.name], hint=False) for entry in PLACES)
