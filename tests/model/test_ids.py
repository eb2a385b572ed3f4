from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.model.ids import (
    RANDOM_BITS,
    BotId,
    ChatId,
    SessionKey,
    UserId,
    bot_id,
    chat_id,
    execution_id,
    execution_ms,
    split_id,
)

moments = st.integers(0, 2**48 - 1)
chances = st.integers(0, 2**RANDOM_BITS - 1)


def test_a_bot_is_its_platform_and_account() -> None:
    assert bot_id("qq", 10001000) == "qq:10001000"


def test_a_chat_is_its_kind_and_number() -> None:
    assert chat_id("group", "123") == "group:123"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("qq:10001", ("qq", "10001")),
        ("qq:a:b", ("qq", "a:b")),
        ("10001", ("", "10001")),
        (":x", ("", "x")),
        ("", ("", "")),
    ],
)
def test_a_name_splits_at_its_first_colon(name: str, parts: tuple[str, str]) -> None:
    assert split_id(name) == parts


@given(moments, chances)
def test_an_execution_id_is_a_uuid_of_version_7(wall_ms: int, randomness: int) -> None:
    uuid = UUID(execution_id(wall_ms, randomness))
    assert (uuid.version, uuid.variant) == (7, "specified in RFC 4122")


def test_an_execution_id_has_the_layout_of_the_standard() -> None:
    # RFC 9562, appendix A.6: the example value.
    assert execution_id(0x017F22E279B0, 0xCC3 << 62 | 0x18C4DC0C0C07398F) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(moments, chances)
def test_an_execution_id_carries_its_time(wall_ms: int, randomness: int) -> None:
    assert execution_ms(execution_id(wall_ms, randomness)) == wall_ms


@given(moments, chances, moments, chances)
def test_execution_ids_sort_by_time(first: int, one: int, second: int, other: int) -> None:
    if first < second:
        assert execution_id(first, one) < execution_id(second, other)


@given(moments, st.lists(chances, unique=True, min_size=2, max_size=5))
def test_all_random_bits_count(wall_ms: int, chances: list[int]) -> None:
    assert len({execution_id(wall_ms, chance) for chance in chances}) == len(chances)


def test_sessions_are_equal_by_value() -> None:
    key = SessionKey(BotId("qq:1"), ChatId("group:2"), UserId("3"))
    assert {key: 1}[SessionKey(BotId("qq:1"), ChatId("group:2"), UserId("3"))] == 1
