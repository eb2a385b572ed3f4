from __future__ import annotations

from typing import Any

import pytest

from kagami.errors import UsageError
from kagami.operations.bots import Disconnect
from kagami.operations.messages import Measure, Search
from kagami.operations.plugins import Configure
from kagami.operations.sound import LARGEST, SMALLEST, refuse_odd


def refused(request: Any) -> str:
    with pytest.raises(UsageError) as caught:
        refuse_odd(request)
    return str(caught.value.details["field"])


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "ok\udfff"])
def test_a_text_that_is_none_is_refused_by_its_field(text: str) -> None:
    assert refused(Disconnect(bot=text)) == "bot"


@pytest.mark.parametrize("number", [LARGEST + 1, SMALLEST - 1, 10**40])
def test_a_number_that_no_database_takes_is_refused(number: int) -> None:
    assert refused(Search(text="x", limit=number)) == "limit"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused(number: float) -> None:
    assert refused(Measure(days=number)) == "days"


@pytest.mark.parametrize("value", [["\0"], {"\0": 1}, {"a": [{"b": "\ud800"}]}, {"a": 1 << 70}])
def test_what_is_inside_counts_too(value: Any) -> None:
    assert refused(Configure(plugin="p", values={"v": value})) == "values"


def test_a_nest_without_an_end_is_refused() -> None:
    nest: Any = "x"
    for _ in range(1_000):
        nest = [nest]
    assert refused(Configure(plugin="p", values={"v": nest})) == "values"


@pytest.mark.parametrize("number", [LARGEST, SMALLEST, 0, -1])
def test_every_number_of_64_bits_passes(number: int) -> None:
    refuse_odd(Search(text="你好 \x1b[31m \U0001f600", limit=number))


def test_everything_that_a_table_may_hold_passes() -> None:
    refuse_odd(Configure(plugin="p", values={"a": [1, 2.5, True, None, {"b": "c"}]}))
