from __future__ import annotations

import asyncio
import time

from kagami.people.passwords import Cost, Passwords, random_password
from kagami.people.policy import check_password
from tests.people.conftest import CHEAP, PASSWORD


async def test_a_password_is_known_by_its_hash() -> None:
    passwords = Passwords(CHEAP)
    kept = await passwords.hash(PASSWORD)
    assert await passwords.check(kept, PASSWORD)


async def test_another_password_is_not() -> None:
    passwords = Passwords(CHEAP)
    assert not await passwords.check(await passwords.hash(PASSWORD), PASSWORD + " ")


async def test_the_hash_is_argon2id() -> None:
    assert (await Passwords(CHEAP).hash(PASSWORD)).startswith("$argon2id$v=19$m=8,t=1,p=1$")


async def test_the_same_password_has_another_hash_each_time() -> None:
    passwords = Passwords(CHEAP)
    assert await passwords.hash(PASSWORD) != await passwords.hash(PASSWORD)


async def test_without_a_hash_nobody_is_known() -> None:
    assert not await Passwords(CHEAP).check("", PASSWORD)


async def test_a_broken_hash_is_nobodys() -> None:
    assert not await Passwords(CHEAP).check("$argon2id$nonsense", PASSWORD)


async def test_composed_letters_are_the_same() -> None:
    passwords = Passwords(CHEAP)
    assert await passwords.check(await passwords.hash("caf\u00e9 on the corner"), "cafe\u0301 on the corner")


async def test_half_of_a_pair_is_no_crash() -> None:
    passwords = Passwords(CHEAP)
    assert not await passwords.check(await passwords.hash(PASSWORD), "\ud800")


async def test_one_guess_costs_a_tenth_of_a_second() -> None:
    started = time.perf_counter()
    await Passwords().hash(PASSWORD)
    assert time.perf_counter() - started >= 0.1


def test_the_cost_is_that_of_the_standard() -> None:
    assert Cost() == (3, 64 * 1024)


async def test_the_loop_turns_while_passwords_are_checked() -> None:
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        hashing = group.create_task(Passwords().hash(PASSWORD))
        turns = 0
        while not hashing.done():
            turns += 1
            await asyncio.sleep(0)
    assert turns > 10


def test_random_passwords_are_good_ones() -> None:
    first, second = random_password(), random_password()
    check_password(first, "")
    assert first != second


def test_random_passwords_can_be_read_out() -> None:
    assert [len(group) for group in random_password().split("-")] == [6, 6, 6, 6, 6]
