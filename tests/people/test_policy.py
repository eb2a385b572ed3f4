from __future__ import annotations

import pytest

from kagami.errors import UsageError
from kagami.people.policy import check_name, check_password, check_scopes, rights


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "tom20240101ok"[:12],
        "password1234",
        "P@ssw0rd2024!",
        "123456789012",
        "qwertyuiopasdfghjkl",
        "1qaz2wsx3edc",
        "kagami123456",
        "changeme2024!",
        "administrator1",
        "x" * 257,
    ],
)
def test_a_password_that_is_guessed_early_is_refused(password: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_password(password, "tom20240101")
    assert caught.value.details["field"] == "password"
    assert password not in caught.value.text()


@pytest.mark.parametrize(
    "password", ["seven purple geese", "correct horse battery", "Xk3-9vQ!mm2p", "春眠不觉晓处处闻啼鸟夜来风雨"]
)
def test_a_good_password_is_taken(password: str) -> None:
    check_password(password, "tom")


@pytest.mark.parametrize("name", ["", "-dash", "two words", "张三", "a" * 33, "last/x", "@setup", "tab\tx", "a\x00"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        check_name(name)


def test_names_are_one_whatever_their_case() -> None:
    assert check_name(" Alice ") == "alice"


def test_a_role_has_its_scopes() -> None:
    assert rights("viewer", ()) == ("*:read",)


@pytest.mark.parametrize(
    ("role", "scopes"), [("viewer", ["*"]), ("king", []), ("custom", []), ("custom", ["*:*"]), ("custom", ["*"] * 65)]
)
def test_other_rights_are_refused(role: str, scopes: list[str]) -> None:
    with pytest.raises(UsageError):
        rights(role, scopes)


def test_scopes_are_sorted_and_each_once() -> None:
    assert check_scopes(["logs:read", "bots:*", "logs:read"]) == ("bots:*", "logs:read")
