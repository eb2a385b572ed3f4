from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.plugins.extra.chat.masking import Cover, Names, is_card, is_id_number

ID = "11010519491231002X"
CARD = "4111 1111 1111 1111"


def cover(*, named: bool = False, **people: str) -> Cover:
    return Cover(Names(), {name.removeprefix("u"): shown for name, shown in people.items()}, named=named)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("13800138000", "phone"),
        ("138 0013 8000", "phone"),
        ("138-0013-8000", "phone"),
        ("+86 138 0013 8000", "phone"),
        ("8613800138000", "phone"),
        ("+1 (415) 555-0132", "phone"),
        ("(415) 555-0132", "phone"),
        ("415-555-0132", "phone"),
        ("+44 20 7946 0958", "phone"),
        ("0044 20 7946 0958", "phone"),
        ("010-62345678", "phone"),
        ("(021)62345678", "phone"),
        ("ada.b+c@mail.example.co.uk", "email"),
        (ID, "id"),
        ("110105 19491231 002x", "id"),
        (CARD, "card"),
        ("4111111111111111", "card"),
        ("3782 822463 10005", "card"),
        ("6217000010001234569", "card"),
        ("192.168.1.20", "ip"),
        ("2001:db8::8a2e:370:7334", "ip"),
        ("dead:beef::1", "ip"),
        ("wxid_a1b2c3d4e5", "user"),
        ("123456789@chatroom", "user"),
    ],
)
@pytest.mark.parametrize("around", ["{}", "电话{}，谢谢", "call {} now", "({})", "x:{}."])
def test_private_data_is_hidden_and_shown_again(text: str, kind: str, around: str) -> None:
    covering = cover()
    said = around.replace("{}", text)
    hidden = covering.hide(said)
    assert hidden == around.replace("{}", f"‹{kind}1›")
    assert covering.show(hidden) == said


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22 04:27:39",
        "at 12:30, room 1024",
        "110105194912310021",  # a wrong check digit
        "4111 1111 1111 1112",  # not by Luhn
        "0000000000000000",
        "version 10.2.3 and 1.2.3.4.5",
        "999.1.1.1",
        "std::move and a @ b",
        "costs 12800 yuan, 3.14159265",
        "order 20261122000123",
        "hello world",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert cover().hide(text) == text


@pytest.mark.parametrize(
    "text", ["QQ：123456789", "qq号 123456789", "QQ号是123456789", "@123456789 hi", "我的QQ123456789"]
)
def test_an_account_that_is_called_one_is_hidden(text: str) -> None:
    assert "123456789" not in cover().hide(text)


def test_ids_of_members_are_hidden_wherever_they_stand() -> None:
    assert (
        cover(u123456="", uou_8f2c="").hide("ask 123456 or ou_8f2c, not 1234567")
        == "ask ‹user1› or ‹user2›, not 1234567"
    )


def test_with_names_a_member_s_id_becomes_the_name() -> None:
    assert cover(named=True, u123456="Ada").hide("ask @123456") == "ask @Ada"


def test_a_name_that_holds_a_number_is_no_way_out() -> None:
    covering = cover(named=True, u123456="Ada 13800138000", u777777="777777")
    assert covering.hide("ask 123456") == "ask Ada ‹phone1›"
    assert covering.user("777777") == "‹user1›"


def test_the_same_thing_keeps_its_mark_in_a_chat() -> None:
    names = Names()
    first = Cover(names, {}, named=False).hide("13800138000 or 13900139000")
    second = Cover(names, {}, named=False).hide("13900139000")
    assert (first, second) == ("‹phone1› or ‹phone2›", "‹phone2›")


def test_only_what_a_call_has_hidden_can_be_shown_by_its_answer() -> None:
    names = Names()
    Cover(names, {}, named=False).hide("13800138000")
    assert Cover(names, {}, named=False).show("‹phone1›") == "‹phone1›"


def test_marks_of_people_are_none() -> None:
    covering = cover()
    assert covering.hide("13800138000 ‹phone1›") == "‹phone1› <phone1>"


def test_names_are_bounded_and_never_given_twice() -> None:
    names = Names()
    marks = {names.mark("user", str(number)) for number in range(3_000)}
    assert len(marks) == 3_000
    assert names.mark("user", "0") == "‹user3001›"


def test_check_digits() -> None:
    assert is_id_number(ID)
    assert not is_id_number(ID[:-1] + "1")
    assert is_card(CARD)
    assert not is_card(CARD[:-1] + "2")


@pytest.mark.parametrize(
    "bait", ["1", "1 ", "+1", "a@", "a.", "1.1.", "::", "0-", "4111 ", "@1", "qq", "(0", "wxid_", "-", "13 "]
)
def test_the_time_is_linear_in_the_text(bait: str) -> None:
    text = (bait * 100_000)[:100_000]
    began = time.process_time()
    cover(u123456="Ada").hide(text)
    assert time.process_time() - began < 5  # what is quadratic takes minutes


@given(st.text(st.sampled_from("0123456789 -+.@:aZxX‹›中wxid_")))
def test_what_is_hidden_comes_back(text: str) -> None:
    covering = cover()
    plain = text.replace("‹", "<").replace("›", ">")
    assert covering.show(covering.hide(text)) == plain
