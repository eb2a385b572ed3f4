"""What operators chose."""

from __future__ import annotations

from kagami.plugins.choices import Choice, Choices
from kagami.testing.values import MemoryValues


async def test_a_choice_outlives_a_restart() -> None:
    values = MemoryValues()
    await Choices(values).change("w", version="1.0.0", previous="2.0.0", pinned=True)
    again = Choices(values)
    await again.open()
    assert again.of("w") == Choice("1.0.0", "2.0.0", pinned=True)


async def test_only_what_is_named_changes() -> None:
    choices = Choices(MemoryValues())
    await choices.change("w", version="1.0.0")
    assert await choices.change("w", pinned=True) == Choice("1.0.0", pinned=True)


async def test_what_was_never_chosen_is_open() -> None:
    assert Choices(MemoryValues()).of("w") == Choice()


async def test_pinned_plugins_are_known() -> None:
    choices = Choices(MemoryValues())
    await choices.change("w", pinned=True)
    await choices.change("x", version="1.0.0")
    assert choices.pinned == {"w"}
