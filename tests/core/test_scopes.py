from __future__ import annotations

import pytest

from kagami.core.scopes import ROLES, allowed, covers, identity, is_scope, missing, super_admin
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


@pytest.mark.parametrize(
    ("held", "scope", "whole"),
    [
        ({"*"}, "*", True),
        ({"*"}, "*:read", True),
        ({"*:read"}, "bots:read", True),
        ({"*:read"}, "*:read", True),
        ({"*:read"}, "bots:*", False),
        ({"bots:*"}, "bots:*", True),
        ({"bots:read", "bots:write"}, "bots:*", False),
        ({"bots:*", "logs:*"}, "*", False),
        ({"bots:*"}, "*:read", False),
        ({"system:*", "*:read"}, "system:secret", False),
        ({"system:secret"}, "system:secret", True),
        ({"*"}, "system:secret", True),
    ],
)
def test_rights_hold_smaller_ones(held: set[str], scope: str, whole: bool) -> None:
    assert covers(held, scope) is whole


def test_what_cannot_be_given_is_named() -> None:
    assert missing({"bots:*"}, ["bots:read", "logs:read"]) == "logs:read"
    assert missing({"*"}, ["*", "system:secret"]) == ""


def test_an_operator_writes_what_runs_and_no_people() -> None:
    assert not missing(ROLES["operator"], ["bots:write", "routes:write", "workers:write", "people:read"])
    for scope in ("people:write", "settings:write", "backup:write", "system:secret", "audit:write"):
        assert missing(ROLES["operator"], [scope]) == scope


@pytest.mark.parametrize("text", ["*", "*:read", "bots:*", "bots:read", "system:secret", "plugins:install"])
def test_what_is_a_scope(text: str) -> None:
    assert is_scope(text)


@pytest.mark.parametrize(
    "text", ["", "bots", "nope:read", "*:*", "*:write", "bots:eat", "BOTS:read", "bots:read\n", "b:c:read", ":read"]
)
def test_what_is_none(text: str) -> None:
    assert not is_scope(text)


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
