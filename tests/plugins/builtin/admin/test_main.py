from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kagami.errors import NotFound
from kagami.operations import registry
from kagami.operations.bots import Disconnect, ListBots
from kagami.operations.broadcast import Audience, Broadcast, Broadcasted, Reached
from kagami.operations.messages import Clean, Measure
from kagami.operations.plugins import Reload
from kagami.operations.system import Pulses, Status, StatusNow
from kagami.plugins.builtin.admin.main import host_uptime, plugin
from kagami.ports import Cleaned, Pulse, ReloadRow
from kagami.testing.chat import PluginChat, chat_with

HOUR_MS = 3_600_000


@pytest.fixture
async def chat() -> AsyncIterator[PluginChat]:
    async with chat_with(plugin) as chat:
        yield chat
        await chat.finished()
        chat.assert_no_leaks()


async def ordered(chat: PluginChat, command: str) -> str:
    await chat.says(command, admin=True)
    return await chat.hears()


async def test_the_status_shows_load_bots_messages_and_queues(chat: PluginChat) -> None:
    pulse = Pulse(
        5 * HOUR_MS,
        HOUR_MS,
        "1.2.3",
        cpu_percent=12.4,
        memory_bytes=50 << 20,
        host_memory_bytes=2 << 30,
        online=2,
        troubled=1,
        offline=3,
        waiting=4,
        oldest_s=75,
    )
    today = {"in": 10, "out": 8, "failed": 1, "unknown": 2, "dead": 3}
    chat.answers[Status] = StatusNow(pulse, today, 1 << 20)
    chat.answers[Pulses] = [Pulse(0, 0, "", in_per_s=1.0, out_per_s=0.5), Pulse(0, 0, "", in_per_s=2.0)]
    first, *lines = (await ordered(chat, "#status")).split("\n")
    assert first.startswith("Kagami 1.2.3, up 4h; host up ")
    assert lines == [
        "CPU 12 %, memory 50.0 MB of 2.0 GB, store 1.0 MB",
        "Bots: 2 online, 1 troubled, 3 offline",
        "Messages today: 10 in, 8 out, 1 failed, 2 unknown",
        "Last minute: 3 in, 0 out",
        "Queue: 4 waiting, the oldest for 1m 15s; dead letters: 3",
    ]


def test_the_machine_is_up_for_some_time() -> None:
    assert host_uptime() > 0


async def test_help_shows_own_commands_and_topics(chat: PluginChat) -> None:
    text = await ordered(chat, "#help")
    assert "#db_clean <days>  Delete messages older than so many days." in text
    assert "#broadcast <message…>" in text
    topics = sorted({each.topic for each in registry().by_name.values()})
    assert text.endswith(f"#help <topic> shows more about: {', '.join(topics)}")


async def test_help_shows_the_operations_of_a_topic(chat: PluginChat) -> None:
    assert "#bots list  All accounts" in await ordered(chat, "#help bots")


async def test_a_reload_says_what_became_of_each_plugin(chat: PluginChat) -> None:
    chat.answers[Reload] = [
        ReloadRow("a", "1.0.0", "1.1.0"),
        ReloadRow("b", "1.0.0", "1.0.0", "Traceback\n  line\nValueError: x"),
        ReloadRow("c", "", "1.0.0", survivors=("task t", "thread u")),
        ReloadRow("d", "1.0.0", ""),
    ]
    assert await ordered(chat, "#reload") == (
        "a: 1.0.0 → 1.1.0\nb: stays at 1.0.0: ValueError: x\nc: - → 1.0.0 (survived: task t; thread u)\nd: 1.0.0 → -"
    )
    assert chat.calls == [Reload(plugin="")]


async def test_a_reload_of_one_plugin_names_it(chat: PluginChat) -> None:
    chat.answers[Reload] = NotFound(what="plugin", name="x")
    assert await ordered(chat, "#reload x") == "There is no plugin named x."
    assert chat.calls == [Reload(plugin="x")]


async def test_without_plugins_a_reload_says_so(chat: PluginChat) -> None:
    chat.answers[Reload] = []
    assert "no plugins" in await ordered(chat, "#reload")


async def test_a_broadcast_is_confirmed_with_the_count_and_reported(chat: PluginChat) -> None:
    chat.answers |= {Audience: Reached(3, {"qq:1": 2, "qq:2": 1}), Broadcast: Broadcasted(3, 1, 1, 1)}
    execution = await chat.says("#broadcast hello  all", admin=True)
    assert await chat.hears() == "Send this to 3 chats of 2 bots? (yes/no)\nhello  all"
    assert Broadcast not in {type(call) for call in chat.calls}
    await chat.says("yes")
    assert await chat.hears() == "Sending to 3 chats; a report follows."
    assert await chat.hears() == "Broadcast: 1 sent, 1 failed, 1 unknown."
    assert chat.calls[-1] == Broadcast(text="hello  all", execution=execution.event.execution)


async def test_a_broadcast_that_is_not_confirmed_is_not_sent(chat: PluginChat) -> None:
    chat.answers[Audience] = Reached(1, {"qq:1": 1})
    await ordered(chat, "#broadcast hello")
    assert await ordered(chat, "no") == "Nothing was sent."
    assert chat.calls == [Audience()]


async def test_a_broadcast_to_nobody_is_not_asked_about(chat: PluginChat) -> None:
    chat.answers[Audience] = Reached(0, {})
    assert await ordered(chat, "#broadcast hello") == "No chat was active in the last 30 days."


async def test_a_clean_up_is_confirmed_with_the_counts_and_reported(chat: PluginChat) -> None:
    chat.answers |= {Measure: Cleaned(5, 4, 3, 2048), Clean: Cleaned(5, 4, 3, 1024)}
    question = await ordered(chat, "#db_clean 30")
    assert question == "Delete 5 messages, 4 sends and 3 traces older than 30 days, 2.0 kB? (yes/no)"
    assert await ordered(chat, "是") == "Deleted 5 messages, 4 sends and 3 traces; 1.0 kB are free again."
    assert chat.calls == [Measure(days=30), Clean(days=30)]


async def test_a_clean_up_that_is_not_confirmed_deletes_nothing(chat: PluginChat) -> None:
    chat.answers[Measure] = Cleaned(5, 4, 3, 2048)
    await ordered(chat, "#db_clean 30")
    assert await ordered(chat, "n") == "Nothing was deleted."
    assert chat.calls == [Measure(days=30)]


async def test_a_clean_up_of_nothing_is_not_asked_about(chat: PluginChat) -> None:
    chat.answers[Measure] = Cleaned(0, 0, 0, 0)
    assert await ordered(chat, "#db_clean 30") == "There is nothing that old."


async def test_any_operation_can_be_called(chat: PluginChat) -> None:
    chat.answers[ListBots] = []
    assert await ordered(chat, "#bots list") == "Nothing."


async def test_an_operation_that_changes_much_is_confirmed(chat: PluginChat) -> None:
    chat.answers[Disconnect] = None
    assert (await ordered(chat, "#bots disconnect qq:1")).endswith("(bot: qq:1) Really? (yes/no)")
    assert await ordered(chat, "yes") == "Done."
    assert chat.calls == [Disconnect(bot="qq:1")]


async def test_an_operation_that_is_not_confirmed_is_not_called(chat: PluginChat) -> None:
    await ordered(chat, "#bots disconnect qq:1")
    assert await ordered(chat, "no") == "Nothing was done."
    assert chat.calls == []


async def test_secrets_are_not_told_in_a_chat(chat: PluginChat) -> None:
    assert "no place for secrets" in await ordered(chat, "#system connection")
    assert chat.calls == []


async def test_an_unknown_command_is_answered_for_operators(chat: PluginChat) -> None:
    assert await ordered(chat, "#nonsense 1") == "There is no command #nonsense. #help shows all."


async def test_nobody_else_gets_an_answer(chat: PluginChat) -> None:
    await chat.says("#status")
    await chat.finished()
    assert chat.silent
