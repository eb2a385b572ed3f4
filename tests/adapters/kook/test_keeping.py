from __future__ import annotations

from collections.abc import Mapping

import pytest

from kagami.adapters.kook.config import KookConfig
from kagami.adapters.kook.keeping import Keeper, Known
from kagami.adapters.kook.session import Session
from kagami.core.secrets import Secret
from kagami.errors import StoreClosed
from kagami.model.ids import BotId
from kagami.testing.adapters import NotedMemory, NotedVault, Notes

URL = "wss://gate/gateway?compress=1&token=g4te"


class Full(NotedMemory):
    """A memory whose disk is away."""

    async def write(self, bot: BotId, values: Mapping[str, str]) -> None:
        raise StoreClosed(reason="disk full")


@pytest.fixture
def notes() -> Notes:
    return Notes()


def keeper(notes: Notes, key: str = "t") -> Keeper:
    return Keeper(KookConfig(token=Secret(key)), NotedMemory(notes), NotedVault(notes))


def session(done: int = 7, name: str = "s1") -> Session:
    found = Session(lambda: 0.5)
    found.restore(URL, name, done)
    return found


async def test_another_run_goes_on_where_this_one_was(notes: Notes) -> None:
    assert await keeper(notes).save(session()) == 7
    again = Session(lambda: 0.5)
    await keeper(notes).restore(again)
    assert (again.url, again.id, again.done) == (URL, "s1", 7)


async def test_the_address_lies_with_the_secrets_alone(notes: Notes) -> None:
    await keeper(notes).save(session())
    assert "g4te" not in repr(notes.values)
    assert list(notes.secrets.values()) == [URL.encode()]


async def test_another_token_is_another_place(notes: Notes) -> None:
    await keeper(notes).save(session())
    again = Session(lambda: 0.5)
    await keeper(notes, "other").restore(again)
    assert again.url == ""


async def test_nothing_new_is_not_written_again(notes: Notes) -> None:
    mine = keeper(notes)
    for _ in range(3):
        await mine.save(session())
    assert notes.written == 1


async def test_while_the_disk_is_away_the_last_number_that_was_kept_counts(notes: Notes) -> None:
    await keeper(notes).save(session(7))
    full = Keeper(KookConfig(token=Secret("t")), Full(notes), NotedVault(notes))
    mine = session()
    await full.restore(mine)
    mine.done = 9
    assert await full.save(mine) == 7
    assert await full.save(session(9, "s2")) == 0


async def test_the_account_is_remembered(notes: Notes) -> None:
    assert await keeper(notes).account() is None
    await keeper(notes).learn(Known("24", "小镜"))
    assert await keeper(notes).account() == Known("24", "小镜")


async def test_what_was_kept_and_cannot_be_read_is_nothing(notes: Notes) -> None:
    await keeper(notes).save(session())
    await keeper(notes).learn(Known("24"))
    notes.values = dict.fromkeys(notes.values, "{broken")
    again = Session(lambda: 0.5)
    await keeper(notes).restore(again)
    assert (await keeper(notes).account(), again.id) == (None, "")
