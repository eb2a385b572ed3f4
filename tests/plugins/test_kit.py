from __future__ import annotations

import pytest

from kagami import log
from kagami.errors import Unavailable
from kagami.plugins.dialogs import Desk
from kagami.plugins.kit import Kit, present
from kagami.plugins.scope import Scope
from kagami.plugins.settings import Settings
from kagami.testing.chat import MemoryValues
from kagami.testing.clock import FakeClock


def kit(namespace: str = "") -> Kit:
    clock, voice = FakeClock(), log.get("book")
    return Kit(
        "book",
        "1.2.0",
        settings=Settings(),
        scope=Scope("book", voice),
        log=voice,
        desk=Desk(clock),
        values=MemoryValues(),
        clock=clock,
        translate=str,
        catalogue=lambda: (),
        namespace=namespace,
    )


def test_a_version_is_called_by_id_and_version() -> None:
    assert kit().label == "book@1.2.0"


@pytest.mark.parametrize(("given", "used"), [("", "book"), ("book#2", "book#2")])
def test_values_are_kept_under_the_id_unless_another_place_is_given(given: str, used: str) -> None:
    assert kit(given).namespace == used


def test_what_the_house_does_not_give_is_named() -> None:
    with pytest.raises(Unavailable, match=r"ctx\.http"):
        present(kit().http, "http")
