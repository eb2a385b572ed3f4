from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.roles import BY_WORD, Rank, held, may, role_of
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId

ADMINS = ("qq:1",)


def event(role: str = "member", *, user: str = "2", chat: str = "group:7", bot: str = "qq:100") -> Event:
    return Event(
        ExecutionId("x"), BotId(bot), "message", "group", ChatId(chat), UserId(user), 0, "1", sender=Sender(role=role)
    )


@pytest.mark.parametrize(
    ("role", "rank"), [("member", Rank.MEMBER), ("admin", Rank.ADMIN), ("owner", Rank.OWNER), ("专家", Rank.MEMBER)]
)
def test_a_group_says_who_leads_it(role: str, rank: Rank) -> None:
    assert role_of(event(role), ADMINS) is rank


def test_in_private_everybody_is_the_owner() -> None:
    assert role_of(event(chat="private:2"), ADMINS) is Rank.OWNER


def test_the_configuration_names_super_admins() -> None:
    assert role_of(event(user="1"), ADMINS) is Rank.SUPER


def test_the_same_number_on_another_platform_is_somebody_else() -> None:
    assert role_of(event(user="1", bot="kook:100"), ADMINS) is Rank.MEMBER


@given(st.text() | st.sampled_from(["super", "SUPER", "root"]))
def test_no_word_of_a_platform_makes_a_super_admin(word: str) -> None:
    assert role_of(event(word), ADMINS) < Rank.SUPER
    assert not may(event(word), "super", supers=ADMINS, custom={})


@pytest.mark.parametrize("needed", BY_WORD)
@pytest.mark.parametrize("role", ["member", "admin", "owner"])
def test_each_role_holds_those_before_it(role: str, needed: str) -> None:
    assert may(event(role), needed, supers=ADMINS, custom={}) is (BY_WORD[role] >= BY_WORD[needed])


class TestCustom:
    def test_it_is_for_those_who_were_given_it(self) -> None:
        custom = {"editor": {"qq:2"}}
        assert may(event(), "editor", supers=ADMINS, custom=custom)
        assert not may(event("owner", user="3"), "editor", supers=ADMINS, custom=custom)

    def test_super_admins_have_them_all(self) -> None:
        assert may(event(user="1"), "editor", supers=ADMINS, custom={})

    def test_one_that_nobody_has_is_refused(self) -> None:
        assert not may(event("owner"), "", supers=ADMINS, custom={})

    def test_a_word_of_the_order_cannot_be_granted(self) -> None:
        assert not may(event(), "super", supers=ADMINS, custom={"super": {"qq:2"}})


def test_all_roles_that_somebody_holds_can_be_told() -> None:
    someone = event("admin", user="7")
    custom = {"helper": {"qq:7"}, "other": {"qq:8"}}
    assert held(someone, supers=(), custom=custom) == {"member", "admin", "helper"}
