from __future__ import annotations

import pytest

from kagami.core.scopes import allowed, identity, super_admin
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.principal import CONSOLE, Principal


def _event(user: str, role: str = "member") -> Event:
    return Event(
        ExecutionId("x"), BotId("qq:1000"), "message", "group", ChatId("group:7"), UserId(user), time_ms=0,
        dedupe="m:1", sender=Sender(name="qq:1", role=role),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("scopes", "scope", "may"),
    [
        ({"*"}, "bots:write", True),
        ({"bots:*"}, "bots:write", True),
        ({"bots:read"}, "bots:read", True),
        ({"bots:read"}, "bots:write", False),
        ({"logs:*"}, "bots:read", False),
        (set(), "bots:read", False),
    ],
)
def test_scopes_are_exact_by_topic_or_all(scopes: set[str], scope: str, may: bool) -> None:
    assert allowed(Principal("chat", "qq:1", frozenset(scopes)), scope) is may


def test_the_console_may_do_everything() -> None:
    assert allowed(CONSOLE, "messages:delete")


def test_a_sender_is_the_platform_and_the_authenticated_user_id() -> None:
    assert identity(_event("42")) == "qq:42"


def test_a_super_admin_is_named_by_id() -> None:
    assert super_admin(_event("42"), {"qq:42"}) == Principal("chat", "qq:42", frozenset({"*"}))


def test_a_nickname_or_a_claimed_role_makes_nobody_admin() -> None:
    assert super_admin(_event("43", role="owner"), {"qq:1"}) is None


def test_the_same_number_on_another_platform_is_somebody_else() -> None:
    assert super_admin(_event("42"), {"telegram:42"}) is None
