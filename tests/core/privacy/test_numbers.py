"""Numbers by their shape, their check digits and the words before them."""

from __future__ import annotations

import pytest

from kagami.core.privacy.numbers import cards, ids, is_card, is_id, is_old_id, phones


def first(finder: object, text: str) -> str:
    assert callable(finder)
    return next((text[start:end] for start, end in finder(text)), "")


@pytest.mark.parametrize(
    "number",
    ["13800138000", "138 0013 8000", "+86 138-0013-8000", "010-88886666", "+44 20 7946 0958", "(212) 555-0187"],
)
def test_a_phone_number_is_found_in_a_sentence(number: str) -> None:
    assert first(phones, f"打{number}。") == number


@pytest.mark.parametrize(
    "text", ["订单号13800138000", "QQ：13800138000", "¥13800138000", "913800138000", "x13800138000"]
)
def test_a_number_that_is_something_else_is_no_phone(text: str) -> None:
    assert not first(phones, text.replace("：", ":"))


def test_an_identity_number_needs_its_check_digit_and_a_day() -> None:
    assert is_id("11010519491231002X")
    assert not is_id("110105194912310021")
    assert not is_id("110105194913310020")
    assert is_old_id("110105491231002")
    assert not is_old_id("110105491331002")


def test_a_social_security_number_is_one_by_its_shape() -> None:
    assert first(ids, "SSN 078-05-1120") == "078-05-1120"
    assert not first(ids, "000-05-1120")


def test_a_card_needs_its_check_digit_and_an_issuer_that_gives_such_numbers() -> None:
    assert is_card("4111111111111111")
    assert not is_card("4111111111111112")
    assert not is_card("1111111111111117")
    assert first(cards, "卡4111 1111 1111 1111") == "4111 1111 1111 1111"
