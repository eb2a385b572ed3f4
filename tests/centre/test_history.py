from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from kagami.centre.history import Entry, History, version_of
from kagami.centre.seal import Seal
from kagami.core.secrets import Secret
from kagami.ports import SettingChange, StorePut


class Kept:
    """The facts of a store, in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}

    async def items(self, plugin: str, prefix: str = "") -> dict[str, str]:
        return dict(self.rows)

    async def put_many(self, writes: Sequence[StorePut]) -> None:
        for each in writes:
            if each.value is None:
                self.rows.pop(each.key, None)
            else:
                self.rows[each.key] = each.value


def history(kept: Kept, *, bound: int = 3) -> History:
    return History(kept, lambda: Seal(Secret("a key")), kept=bound)


def entry(number: int, *, back_to: int = 0, key: str = "prefix") -> Entry:
    return Entry(number, 1_000 + number, "console", "apply", [SettingChange(key, 1, 2)], "", "", back_to=back_to)


async def filled(*entries: Entry, bound: int = 99) -> History:
    made = history(Kept(), bound=bound)
    for each in entries:
        await made.add(each, b"before", None)
    return made


async def test_it_is_read_again_with_its_files() -> None:
    kept = Kept()
    await history(kept).add(entry(1), b"token = 's3cret'", b"")
    again = history(kept)
    await again.open()
    assert again.last is not None
    assert again.before(again.last) == b"token = 's3cret'"
    assert again.after(again.last) == b""
    assert "s3cret" not in msgspec.json.encode(kept.rows).decode()


async def test_no_file_is_not_an_empty_one() -> None:
    found = await filled(entry(1))
    assert found.after(found.entries[0]) is None


async def test_the_oldest_go() -> None:
    kept = Kept()
    made = history(kept, bound=2)
    for _ in range(3):
        await made.add(entry(made.next_id), None, None)
    assert [each.id for each in made.entries] == [2, 3]
    assert len(kept.rows) == 2


async def test_what_did_not_happen_is_dropped() -> None:
    kept = Kept()
    made = history(kept)
    await made.drop(await made.add(entry(1), None, None))
    assert (made.entries, kept.rows) == ([], {})


@pytest.mark.parametrize(
    ("steps", "undone"),
    [
        ([0, 0, 2], {2}),
        ([0, 0, 2, 1], {1, 2, 3}),
        ([0, 0, 2, 3], {3}),
        ([0, 0, 1, 0], {1, 2}),
        ([0, 0, 1, 0, 3], {3, 4}),
    ],
)
async def test_what_is_undone_may_come_back(steps: list[int], undone: set[int]) -> None:
    found = await filled(*(entry(number, back_to=to) for number, to in enumerate(steps, 1)))
    assert found.undone() == undone


async def test_rows_are_of_a_key_and_what_is_below_it() -> None:
    found = await filled(entry(1, key="gateway.port"), entry(2, key="gate"), entry(3, key="gateway"))
    assert [row.id for row in found.rows("gateway")] == [3, 1]
    assert found.changed_at() == {"gateway.port": 1_001, "gate": 1_002, "gateway": 1_003}


def test_versions_tell_files_apart() -> None:
    assert len({version_of(None), version_of(b""), version_of(b"x")}) == 3
