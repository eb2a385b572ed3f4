"""What is allowed as a name, a password and a set of rights."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from kagami.core.scopes import ROLES, is_scope
from kagami.core.secrets import WELL_KNOWN
from kagami.errors import UsageError
from kagami.i18n import mark

LEAST_CHARACTERS = 12
MOST_CHARACTERS = 256
LEAST_DIFFERENT = 5
MOST_SCOPES = 64
CUSTOM = "custom"

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}", re.ASCII)
_LETTERS = re.compile(r"[^a-z]+")
_ENDS = re.compile(r"^[^a-z]+|[^a-z]+\Z")
_DISGUISES = str.maketrans("@4301$5!7", "aaeoissit")
# Of the passwords that are guessed first, the words that those of twelve characters and more are made of.
_GUESSED = frozenset(
    {
        *(_LETTERS.sub("", word) for word in WELL_KNOWN),
        *("abc", "administrator", "asdfghjkl", "baseball", "computer", "football", "iloveyou", "letmein", "login"),
        *("master", "monkey", "operator", "passw", "passwd", "passwort", "princess", "pssword", "pssw", "qazwsxedc"),
        *("qazwsxedcrfv", "qwerty", "qwertyui", "qwertyuiop", "root", "sunshine", "superman", "superuser", "trustno"),
        *("user", "welcome", "woaini", "woainima", "zxcvbnm"),
    }
)
_RUNS = ("01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba")
_KEYS = ("qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "1q2w3e4r5t6y7u8i9o0p")


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def check_name(name: str) -> str:
    """The name in lower case; `UsageError` for one that cannot be typed and read everywhere."""
    name = name.strip().lower()
    if not is_name(name):
        reason = mark("A name has at most 32 of: a–z, digits, dot, dash, underscore; it begins with a letter or digit.")
        raise UsageError(reason=reason, field="name")
    return name


def check_password(password: str, name: str) -> None:
    """`UsageError` for a password that is guessed early."""
    if reason := _weakness(password, name):
        raise UsageError(reason=reason, field="password")


def _weakness(password: str, name: str) -> str:
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        return mark("A password has 12 to 256 characters.")
    folded = password.casefold()
    if len(set(folded)) < LEAST_DIFFERENT or folded in (folded + folded)[1:-1]:
        return mark("This password repeats itself.")
    if name and name in folded and len(folded.replace(name, "")) < LEAST_CHARACTERS:
        return mark("This password is little more than the name.")
    if any(folded in run for run in (*_RUNS, *_KEYS)) or not _GUESSED.isdisjoint(_words(folded)):
        return mark("This password is among the first that are guessed.")
    return ""


def _words(folded: str) -> set[str]:
    """The letters of a password, as they stand and as they are meant: `P@ssw0rd2024!` is no secret."""
    meant = _ENDS.sub("", folded).translate(_DISGUISES)
    return {_LETTERS.sub("", folded), _LETTERS.sub("", meant)}


def rights(role: str, scopes: Sequence[str]) -> tuple[str, ...]:
    """The scopes of a role, or the given ones for `custom`; `UsageError` for what is neither."""
    if role in ROLES:
        if scopes:
            raise UsageError(reason=mark("Scopes are given with the role custom only."), field="scopes")
        return tuple(sorted(ROLES[role]))
    if role != CUSTOM:
        raise UsageError(reason=mark("A role is viewer, operator, admin or custom."), field="role")
    return check_scopes(scopes)


def check_scopes(scopes: Collection[str]) -> tuple[str, ...]:
    """Sorted and each once; `UsageError` for an empty list and for what is no scope."""
    if not 0 < len(scopes) <= MOST_SCOPES or not all(is_scope(scope) for scope in scopes):
        reason = mark("Scopes are like bots:read, plugins:*, *:read or *; at least one is needed.")
        raise UsageError(reason=reason, field="scopes")
    return tuple(sorted(set(scopes)))
