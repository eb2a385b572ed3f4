from __future__ import annotations

from typing import Any

import pytest

from kagami.plugins.api import Context, Lifetime, Plugin, Settings


def test_declaring_returns_the_function_itself() -> None:
    async def hello(ctx: Context[Settings]) -> None: ...

    assert Plugin().command("hello")(hello) is hello
    assert Plugin().intent(keywords=["x"])(hello) is hello
    assert Plugin().on("message")(hello) is hello


def test_the_summary_is_the_first_line_of_the_docstring() -> None:
    plugin = Plugin()

    @plugin.command("hello")
    async def hello(ctx: Context[Settings]) -> None:
        """Greet.

        At length.
        """

    assert plugin.declared.commands[0].summary == "Greet."


def test_a_summary_that_is_given_goes_first() -> None:
    plugin = Plugin()

    @plugin.command("hello", summary="Say hello.")
    async def hello(ctx: Context[Settings]) -> None:
        """Greet."""

    assert plugin.declared.commands[0].summary == "Say hello."


def test_everything_is_kept_in_order() -> None:
    plugin = Plugin()

    @plugin.start
    async def first(life: Lifetime[Settings]) -> None: ...

    @plugin.start
    async def second(life: Lifetime[Settings]) -> None: ...

    @plugin.stop
    async def last(life: Lifetime[Settings]) -> None: ...

    assert plugin.declared.starts == [first, second]
    assert plugin.declared.stops == [last]


@pytest.mark.parametrize("name", ["", "two words", " padded"])
def test_a_name_that_nobody_could_write_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a command's name"):
        Plugin().command(name)


def test_an_alias_that_nobody_could_write_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be a command's name"):
        Plugin().command("fine", aliases=["not fine"])


def test_a_wrong_cooldown_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="is not a cooldown"):
        Plugin().command("hello", cooldown="often")


def test_a_handler_must_be_async() -> None:
    def hello(ctx: Any) -> Any: ...

    for declare in (Plugin().command("x"), Plugin().on("message"), Plugin().start):
        with pytest.raises(TypeError, match="hello must be an async function"):
            declare(hello)


def test_an_event_needs_a_name() -> None:
    with pytest.raises(ValueError, match="a kind or a name"):
        Plugin().on("")


def test_settings_must_be_settings() -> None:
    with pytest.raises(TypeError, match="derived from"):
        Plugin(settings=dict)  # type: ignore[type-var]
