from __future__ import annotations

import pytest

from kagami.errors import UsageError
from kagami.plugins.roles import Roles, check_role
from kagami.testing.chat import MemoryValues


@pytest.fixture
def values() -> MemoryValues:
    return MemoryValues()


async def opened(values: MemoryValues) -> Roles:
    roles = Roles(values)
    await roles.open()
    return roles


async def test_grants_are_told_in_order(values: MemoryValues) -> None:
    roles = await opened(values)
    for role, user in (("writer", "qq:2"), ("编辑", "qq:1"), ("writer", "kook:a/b")):
        await roles.grant(role, user, on=True)
    assert roles.grants() == {"writer": ("kook:a/b", "qq:2"), "编辑": ("qq:1",)}


async def test_they_survive_a_restart(values: MemoryValues) -> None:
    roles = await opened(values)
    await roles.grant("writer", "kook:a/b", on=True)
    assert (await opened(values)).users == {"writer": {"kook:a/b"}}


async def test_what_is_taken_is_gone(values: MemoryValues) -> None:
    roles = await opened(values)
    await roles.grant("writer", "qq:2", on=True)
    await roles.grant("writer", "qq:2", on=False)
    assert (roles.grants(), values.kept) == ({}, {})


async def test_taking_what_nobody_has_is_no_error(values: MemoryValues) -> None:
    roles = await opened(values)
    await roles.grant("writer", "qq:2", on=False)
    assert roles.grants() == {}


@pytest.mark.parametrize("role", ["member", "admin", "owner", "super"])
async def test_roles_of_the_order_cannot_be_given(values: MemoryValues, role: str) -> None:
    roles = await opened(values)
    with pytest.raises(UsageError, match="configuration"):
        await roles.grant(role, "qq:2", on=True)


@pytest.mark.parametrize("role", ["", "two words", "1st", "_x", "a/b", "x" * 33, "a\n"])
def test_a_role_is_one_short_word(role: str) -> None:
    with pytest.raises(UsageError, match="one word"):
        check_role(role)


@pytest.mark.parametrize("user", ["", "10001", "qq:", ":1"])
async def test_a_user_has_a_platform(values: MemoryValues, user: str) -> None:
    roles = await opened(values)
    with pytest.raises(UsageError, match="platform"):
        await roles.grant("writer", user, on=True)
