"""Which version stands in a plugin's place for a chat."""

from __future__ import annotations

from kagami.plugins.active import Active
from kagami.plugins.api import Context, Plugin, Settings
from kagami.plugins.lineup import MOST_TABLES, Lineup
from kagami.plugins.manifest import Manifest
from kagami.testing.chat import chat_with


def named(name: str) -> Plugin[Settings]:
    plugin = Plugin()

    @plugin.command(name)
    async def answer(ctx: Context[Settings]) -> str:
        return name

    return plugin


async def actives() -> tuple[Active, Active]:
    async with chat_with(Plugin()) as chat:
        fit = chat.host.fleet.around.fit
        old = await fit(Manifest(id="w", version="1.0.0", entry="x:y"), named("old"))
        return old, await fit(Manifest(id="w", version="2.0.0", entry="x:y"), named("new"))


async def test_another_version_takes_its_plugins_place() -> None:
    old, new = await actives()
    lineup = Lineup({"w": old}, {("w", "2.0.0"): new}, "/", {})
    assert lineup.table.by_id == {"w": old}
    varied = lineup.varied((("w", "2.0.0"),))
    assert (varied.by_id, list(varied.commands.by_name)) == ({"w": new}, ["new"])


async def test_a_version_that_does_not_run_changes_nothing() -> None:
    old, _ = await actives()
    assert Lineup({"w": old}, {}, "/", {}).varied((("w", "3.0.0"),)).by_id == {"w": old}


async def test_an_empty_version_leaves_the_plugin_out() -> None:
    old, _ = await actives()
    assert Lineup({"w": old}, {}, "/", {}).varied((("w", ""),)).by_id == {}


async def test_a_table_is_made_once() -> None:
    old, new = await actives()
    lineup = Lineup({"w": old}, {("w", "2.0.0"): new}, "/", {})
    assert lineup.varied((("w", "2.0.0"),)) is lineup.varied((("w", "2.0.0"),))


async def test_tables_are_bounded() -> None:
    old, _ = await actives()
    lineup = Lineup({"w": old}, {}, "/", {})
    first = lineup.varied((("x", ""),))
    for number in range(MOST_TABLES):
        lineup.varied(((f"x{number}", ""),))
    assert lineup.varied((("x", ""),)) is not first


async def test_a_command_can_be_renamed_by_the_operator() -> None:
    old, _ = await actives()
    table = Lineup({"w": old}, {}, "/", {"w": {"old": "other"}}).table
    assert (list(table.commands.by_name), table.lines[0].usage) == (["other"], "/other")


async def test_one_plugin_can_serve_alone_in_the_version_of_the_chat() -> None:
    old, new = await actives()
    lineup = Lineup({"w": old, "x": old}, {("w", "2.0.0"): new}, "/", {})
    assert lineup.varied((), "w").by_id == {"w": old}
    assert lineup.varied((("w", "2.0.0"), ("x", "2.0.0")), "w").by_id == {"w": new}
    assert lineup.varied((), "gone").by_id == {}
