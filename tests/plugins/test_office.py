"""What operators do with plugins, and what comes of it in chats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kagami.config import load
from kagami.errors import NotFound, Refused, SettingError
from kagami.home import Home
from kagami.plugins.recalls import Recall, keep_recalls
from kagami.ports import PluginRow
from kagami.testing.chat import PluginChat, chat_with

Write = Callable[..., Path]

ANSWERS = """
    from kagami.plugins.api import Context, Plugin, Settings
    class Mine(Settings):
        greeting: str = "hi"
    plugin = Plugin(settings=Mine)

    @plugin.command("v")
    async def version(ctx: Context[Mine]) -> str:
        return f"{} {ctx.settings.greeting}"
"""


def code(version: str) -> str:
    return ANSWERS.replace("{}", version, 1)


@pytest.fixture
def greeter(tmp_path: Path, write: Write) -> Path:
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        write("greeter", version, main=code(version))
    return tmp_path


async def answer(chat: PluginChat, place: str = "group:1") -> str:
    await chat.says("/v", chat=place)
    said = await chat.hears()
    await chat.finished()
    return said.split()[0]


def row(chat: PluginChat) -> PluginRow:
    return next(each for each in chat.host.office.rows() if each.id == "greeter")


async def test_a_lower_version_can_be_chosen_and_the_highest_taken_again(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        done = await chat.host.office.use("greeter", "1.1.0")
        assert (done.old, done.new, await answer(chat)) == ("2.0.0", "1.1.0", "1.1.0")
        await chat.host.office.use("greeter", "")
        assert await answer(chat) == "2.0.0"


async def test_a_choice_outlives_a_reload(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        await chat.host.office.use("greeter", "1.0.0", pin=True)
        await chat.host.office.reload("greeter")
        assert (await answer(chat), row(chat).pinned) == ("1.0.0", True)


async def test_rolling_back_goes_to_what_served_before_and_back_again(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        await chat.host.office.use("greeter", "1.0.0")
        await chat.host.office.use("greeter", "1.1.0")
        assert (await chat.host.office.rollback("greeter")).new == "1.0.0"
        assert (await chat.host.office.rollback("greeter")).new == "1.1.0"


async def test_rolling_back_without_a_past_goes_to_the_next_lower_version(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        assert (await chat.host.office.rollback("greeter")).new == "1.1.0"


async def test_there_must_be_something_to_go_back_to(tmp_path: Path, write: Write) -> None:
    write("greeter", "1.0.0", main=code("1.0.0"))
    async with chat_with(tmp_path) as chat:
        with pytest.raises(NotFound, match="earlier version"):
            await chat.host.office.rollback("greeter")


async def test_a_version_that_is_not_there_is_refused(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        with pytest.raises(NotFound, match=r"greeter 3\.0\.0"):
            await chat.host.office.use("greeter", "3.0.0")
        assert await answer(chat) == "2.0.0"


async def test_the_serving_version_cannot_be_removed_another_can(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        with pytest.raises(Refused):
            await chat.host.office.remove("greeter", "2.0.0")
        await chat.host.office.remove("greeter", "1.0.0")
        assert {each.name for each in (greeter / "greeter").iterdir()} == {"1.1.0", "2.0.0"}
        assert "1.0.0" not in {each.version for each in row(chat).versions}


async def test_a_weight_of_all_chats_gives_every_chat_the_canary(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        await chat.host.office.use("greeter", "1.0.0")
        told = await chat.host.office.weigh("greeter", 100, "2.0.0")
        assert (told.version, told.canary, told.weight) == ("1.0.0", "2.0.0", 100)
        assert await answer(chat) == "2.0.0"
        await chat.host.office.weigh("greeter", 0, "")
        assert await answer(chat) == "1.0.0"


async def test_a_canary_gets_its_share_of_chats_and_each_chat_one_version(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        await chat.host.office.use("greeter", "1.0.0")
        await chat.host.office.weigh("greeter", 50, "2.0.0")
        first = {place: await answer(chat, f"group:{place}") for place in range(40)}
        assert set(first.values()) == {"1.0.0", "2.0.0"}
        await chat.host.office.reload("greeter")
        assert {place: await answer(chat, f"group:{place}") for place in range(40)} == first


async def test_promoting_makes_the_canary_stable_without_loading_it_again(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        await chat.host.office.use("greeter", "1.0.0")
        await chat.host.office.weigh("greeter", 10, "2.0.0")
        canary = chat.host.fleet.line("greeter").others["2.0.0"]
        done = await chat.host.office.promote("greeter")
        assert (done.old, done.new) == ("1.0.0", "2.0.0")
        assert chat.host.fleet.line("greeter").stable is canary
        assert (row(chat).canary, await answer(chat)) == ("", "2.0.0")


async def test_without_a_canary_there_is_nothing_to_promote(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        with pytest.raises(NotFound, match="canary"):
            await chat.host.office.promote("greeter")


async def test_rolling_back_ends_a_canary(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        await chat.host.office.use("greeter", "1.0.0")
        await chat.host.office.use("greeter", "1.1.0")
        await chat.host.office.weigh("greeter", 100, "2.0.0")
        await chat.host.office.rollback("greeter")
        assert (await answer(chat), row(chat).canary) == ("1.0.0", "")


async def test_a_canary_that_its_manifest_declares_runs_beside_an_older_stable_one(
    tmp_path: Path, write: Write
) -> None:
    write("greeter", "1.0.0", main=code("1.0.0"))
    write("greeter", "1.1.0", main=code("1.1.0"), manifest={"canary_weight": 100})
    async with chat_with(tmp_path) as chat:
        assert (row(chat).version, row(chat).canary, row(chat).weight) == ("1.0.0", "1.1.0", 100)
        assert await answer(chat) == "1.1.0"


async def test_a_changed_weight_in_the_manifest_counts_after_a_reload(tmp_path: Path, write: Write) -> None:
    write("greeter", "1.0.0", main=code("1.0.0"))
    write("greeter", "1.1.0", main=code("1.1.0"), manifest={"canary_weight": 100})
    async with chat_with(tmp_path) as chat:
        write("greeter", "1.1.0", main=code("1.1.0"), manifest={"canary_weight": 0})
        await chat.host.office.reload("greeter")
        assert (row(chat).weight, await answer(chat)) == (0, "1.0.0")


async def test_an_operators_weight_stays_when_the_manifest_did_not_change(tmp_path: Path, write: Write) -> None:
    write("greeter", "1.0.0", main=code("1.0.0"))
    write("greeter", "1.1.0", main=code("1.1.0"), manifest={"canary_weight": 0})
    async with chat_with(tmp_path) as chat:
        await chat.host.office.weigh("greeter", 100, "")
        await chat.host.office.reload("greeter")
        assert (row(chat).weight, await answer(chat)) == (100, "1.1.0")


async def test_a_canary_that_cannot_be_loaded_is_aborted_and_listed(tmp_path: Path, write: Write) -> None:
    write("greeter", "1.0.0", main=code("1.0.0"))
    write("greeter", "1.1.0", main="1 / 0", manifest={"canary_weight": 50})
    async with chat_with(tmp_path) as chat:
        states = {each.version: each.state for each in row(chat).versions}
        assert (states, row(chat).canary) == ({"1.0.0": "active", "1.1.0": "failed"}, "")
        assert "ZeroDivisionError" in row(chat).versions[0].error


async def test_a_chat_can_be_pinned_to_a_version_and_given_back(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        await chat.host.office.pin_chat("greeter", "test:1", "group:7", "1.0.0")
        assert (await answer(chat, "group:7"), await answer(chat, "group:8")) == ("1.0.0", "2.0.0")
        await chat.host.office.pin_chat("greeter", "test:1", "group:7", "")
        assert await answer(chat, "group:7") == "2.0.0"


async def test_a_plugin_can_be_turned_off_in_one_chat(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        await chat.host.office.switch("greeter", "test:1", "group:7", on=False)
        await chat.says("/v", chat="group:7")
        await chat.finished()
        assert (chat.silent, await answer(chat, "group:8"), row(chat).off_in) == (True, "2.0.0", 1)
        await chat.host.office.switch("greeter", "test:1", "group:7", on=True)
        assert await answer(chat, "group:7") == "2.0.0"


async def test_a_plugin_that_is_off_everywhere_is_unloaded_and_comes_back(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        await chat.host.office.switch("greeter", "", "", on=False)
        assert (row(chat).state, chat.host.fleet.line("greeter").running) == ("disabled", [])
        await chat.host.office.switch("greeter", "", "", on=True)
        assert (row(chat).state, await answer(chat)) == ("active", "2.0.0")


async def test_settings_are_checked_and_served(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        with pytest.raises(SettingError):
            chat.host.office.check("greeter", {"greeting": 5})
        await chat.host.office.configure("greeter", chat.host.office.check("greeter", {"greeting": "yo"}))
        await chat.says("/v")
        assert await chat.hears() == "2.0.0 yo"


async def test_the_form_shows_each_setting_with_its_default(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        (field,) = chat.host.office.form("greeter")
        assert (field.name, field.kind, field.value, field.default) == ("greeting", "text", "hi", "hi")


async def test_a_built_in_plugin_has_no_versions_to_choose(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        with pytest.raises(Refused, match="built in"):
            await chat.host.office.use("echo", "1.0.0")


async def test_nothing_is_installed_where_nothing_delivers(greeter: Path) -> None:
    async with chat_with(greeter) as chat:
        with pytest.raises(Refused):
            await chat.host.office.install("x.kpk")


async def test_a_recalled_version_is_refused_with_the_reason(greeter: Path) -> None:
    (greeter / ".installed").mkdir()
    keep_recalls(greeter, [Recall("greeter", "2.0.0", "it leaks")])
    async with chat_with(greeter) as chat:
        with pytest.raises(Refused, match=r"2\.0\.0 was recalled: it leaks"):
            await chat.host.office.use("greeter", "2.0.0")


async def test_a_setting_of_an_id_with_dots_knows_its_line(tmp_path: Path, write: Write) -> None:
    write("com.example.greeter", main=code("1.0.0"))
    (tmp_path / "kagami.toml").write_text('[plugins.settings."com.example.greeter"]\ngreeting = "hello"\n')
    settings = load(Home(tmp_path), environ={})
    async with chat_with(tmp_path, settings=settings.plugins.settings) as chat:
        chat.host.office.origin = settings.origin
        (field,) = chat.host.office.form("com.example.greeter")
        assert (field.value, field.origin) == ("hello", "kagami.toml:2")
