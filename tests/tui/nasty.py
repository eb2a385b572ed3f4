"""A world in which everything that came from outside is out to drive the terminal."""

from __future__ import annotations

from functools import partial

from kagami.log import LogLine
from kagami.model.ids import BotId, ChatId, UserId
from kagami.model.trace import Mark
from kagami.operations.plugins import Reload
from kagami.ports import BotHealth, BotRow, Notice, PluginRow, ReloadRow, VersionRow
from tests.tui.corpus import CORPUS, HUGE
from tests.tui.engine import NOW_MS
from tests.tui.world import ERROR, World, dead_of, message_row, trace_of


def _reloaded(text: str, _: Reload) -> list[ReloadRow]:
    return [ReloadRow(text, text, text, error=text, survivors=(text,))]


def nasty_world(corpus: tuple[str, ...] = CORPUS, *, huge: bool = True) -> World:
    """Each text as message, nickname, group name, chat, bot, log text, field, plugin, error, stage and reason."""
    world = World()
    texts = (*corpus, HUGE) if huge else corpus
    for number, text in enumerate(texts, 1):
        short = text[:2_000]
        names = {"sender": short, "chat_name": short, "user": UserId(short), "reason": short}
        chat = {"chat": ChatId(f"group:{short}"), "bot": BotId(f"qq:{short}")}
        world.messages.append(message_row(number * 2, "in", text, outcome="shed", **names, **chat))
        world.messages.append(message_row(number * 2 + 1, "out", text, outcome="failed", **names, **chat))
        world.traces.append(
            trace_of(
                number, text, "dead", plugin=short, error=text, user=UserId(short), **chat,
                marks=(Mark("lane", 10), Mark(short[:50], 200, text), Mark("send", 900, short)),
            )
        )  # fmt: skip
        world.dead.append(dead_of(number, text, text, name=short))
        fields = {"text": text, "traceback": text, "execution": short, short[:50]: short}
        world.log([LogLine(number, NOW_MS, ERROR, short, text, fields)])
        world.bots.append(
            BotRow(BotId(f"qq:{short}"), short, short, BotHealth("auth_failed", text, NOW_MS, peer=short))
        )
        versions = (
            VersionRow(short, "failed", error=text, survivors=(text,), digest=short, signer=short, taken_back=text),
            VersionRow(short[:20], "active", 40, events=9),
        )
        world.plugins.append(
            PluginRow(
                f"{number}{short}", short[:20], short, "failed", error=text, problems=(text,), description=text,
                permissions=(short,), commands=(short,), author=short, versions=versions,
            )
        )  # fmt: skip
        world.answers[Reload] = partial(_reloaded, text)
        world.notices.append(Notice(NOW_MS, "error", "x", "{bot}: {reason}", {"bot": short, "reason": short}))
    return world
