from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kagami.plugins.facts import chat_key, fact, read_facts, split_chat_key
from kagami.ports import StorePut
from kagami.testing.chat import MemoryValues


@given(st.text("abc.-_", min_size=1), st.text(), st.text())
def test_a_key_of_a_chat_reads_as_it_was(plugin: str, bot: str, chat: str) -> None:
    assert split_chat_key(chat_key(plugin, bot, chat)) == (plugin, bot, chat)


def test_none_deletes() -> None:
    assert fact("@x", "k", None) == StorePut("@x", "k", None)


async def test_facts_come_back() -> None:
    values = MemoryValues()
    await values.put_many((fact("@x", "a", 1), fact("@y", "b", 2)))
    assert await read_facts(values, "@x", int) == {"a": 1}


async def test_one_that_does_not_read_harms_no_other() -> None:
    values = MemoryValues()
    await values.put_many((fact("@x", "a", "word"), fact("@x", "b", 2), StorePut("@x", "c", "{")))
    assert await read_facts(values, "@x", int) == {"b": 2}
