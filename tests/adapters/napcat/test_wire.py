"""Answers of a WebUI that is older, newer, or in trouble."""

from __future__ import annotations

from typing import Any

import pytest

from kagami.adapters.napcat.codec import read_data
from kagami.adapters.napcat.wire import DeviceStatus, LoggedIn, LoginStatus, PasswordOutcome, QuickAccount


@pytest.mark.parametrize("kind", [DeviceStatus, LoggedIn, LoginStatus, PasswordOutcome])
def test_an_answer_may_lack_everything_and_hold_more(kind: Any) -> None:
    assert read_data({}, kind) == read_data({"tomorrow": [1]}, kind) == kind()


def test_accounts_are_read_with_numbers_or_text() -> None:
    found = read_data([{"uin": 10001, "nickName": None}, {"uin": "2", "isQuickLogin": False}], list[QuickAccount])
    assert found == [QuickAccount(10001, None), QuickAccount("2", isQuickLogin=False)]


def test_a_number_that_comes_as_text_is_a_number() -> None:
    assert read_data({"uint32_guarantee_status": "3"}, DeviceStatus).uint32_guarantee_status == 3
