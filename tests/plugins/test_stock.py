from __future__ import annotations

import json
from pathlib import Path

from kagami.plugins.stock import OwnStock, look
from kagami.plugins.versions import Shelf


class Strict(OwnStock):
    """Lets nothing serve."""

    def __init__(self) -> None:
        self.agreed = 0

    async def agree(self) -> None:
        self.agreed += 1

    def judge(self, shelf: Shelf) -> Shelf:
        return Shelf({}, shelf.unsound)


def plugin(folder: Path) -> None:
    place = folder / "greeter" / "1.0.0"
    place.mkdir(parents=True)
    (place / "plugin.json").write_text(json.dumps({"id": "greeter", "version": "1.0.0", "entry": "main:plugin"}))


async def test_a_process_alone_serves_what_lies_in_its_folder(tmp_path: Path) -> None:
    plugin(tmp_path)
    assert list((await look(OwnStock(), tmp_path)).versions) == ["greeter"]
    assert await OwnStock().spread("greeter", "1.0.0") == ""
    assert not OwnStock().awaits("greeter", "1.0.0")


async def test_the_stock_brings_first_and_then_says_what_serves(tmp_path: Path) -> None:
    plugin(tmp_path)
    strict = Strict()
    assert (await look(strict, tmp_path)).versions == {}
    assert strict.agreed == 1


async def test_without_a_folder_there_is_nothing_to_look_at() -> None:
    assert (await look(OwnStock(), None)).versions == {}
