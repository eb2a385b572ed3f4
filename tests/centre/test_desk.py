"""Changes of settings: checked whole, written, applied, kept, undone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kagami.errors import ConfigUnreadable, ConfigUnwritable, Conflict, NotFound, Refused, SettingError, UnknownSetting
from kagami.model.principal import CONSOLE, Principal
from tests.centre.conftest import Open, Stand

MIRA = Principal("person", "mira", frozenset({"*"}))
ODD = (
    "# mine\r\nprefix   =  '!'\t# why\r\n\r\n[ gateway ]\r\n  port=4000\r\n"
    "\r\n# about limits\r\n[limits]\r\nuser_per_minute=5 # few\r\n"
)
KEYS = {
    "bool": ("gateway.query_token", True, "maybe"),
    "int": ("limits.chat_per_minute", 7, "many"),
    "bounded": ("gateway.port", 4001, 70_000),
    "float": ("hub.drain", 1.5, -1),
    "optional": ("pace.account_per_second", 2.5, 2_000),
    "text": ("prefix", "?", "#"),
    "secret": ("web.jwt_secret", "kx8VqT2mWz7RfLp4YhNc9BdGs3JvA6Eu", "short"),
    "choice": ("log.level", "debug", "loud"),
    "list": ("admins", ["qq:1", "telegram:2"], ["nobody"]),
    "table": ("plugins.rename", {"echo": {"echo": "say"}}, ["x"]),
    "bots": ("bots", [{"kind": "onebot11", "url": "ws://127.0.0.1:1"}], [{"kind": "fax"}]),
    "plugin": ("plugins.settings.com.example.book.days", 3, float("nan")),
}


async def values(stand: Stand) -> dict[str, Any]:
    return {row.key: row for row in stand.desk.rows()}


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        *(("kagami.toml", kind) for kind in KEYS),
        *(("config.json", kind) for kind in ("bool", "list", "bots", "plugin")),
    ],
)
async def test_every_kind_of_value_is_set_refused_reset_and_undone(open_stand: Open, kind: str, file: str) -> None:
    key, good, bad = KEYS[kind]
    text = ODD if file == "kagami.toml" else '{\n\t"prefix": "!"}'
    async with open_stand(text, file) as stand:
        with pytest.raises(SettingError) as refused:
            await stand.desk.apply(CONSOLE, {key: bad, "language": "zh"})
        assert refused.value.text()
        assert stand.text == text

        before = stand.live.current
        await stand.desk.apply(CONSOLE, {key: good})
        after = stand.live.current
        assert after != before
        assert stand.text != text

        await stand.desk.apply(CONSOLE, {key: None}, act="reset")
        assert stand.live.current != after
        await stand.desk.undo(CONSOLE)
        assert stand.live.current.origins.keys() == after.origins.keys()
        await stand.desk.undo(CONSOLE)
        assert stand.text == text


async def test_texts_spell_other_values_as_a_variable_does(open_stand: Open) -> None:
    async with open_stand("") as stand:
        await stand.desk.apply(CONSOLE, {"gateway.port": "4002", "admins": "qq:1, qq:2", "log.level": "WARN"})
        now = stand.live.current
        assert (now.gateway.port, now.admins, now.log.level) == (4002, ("qq:1", "qq:2"), "warning")


async def test_a_change_keeps_comments_line_ends_and_odd_spaces(open_stand: Open) -> None:
    async with open_stand(ODD) as stand:
        await stand.desk.apply(CONSOLE, {"gateway.host": "localhost", "limits.user_per_minute": 6})
        wanted = ODD.replace("=5", "=6").replace("port=4000\r\n", 'port=4000\r\nhost = "localhost"\r\n')
        assert stand.text == wanted


@pytest.mark.parametrize("name", ["WS_PORT", "KAGAMI_GATEWAY__PORT", "KAGAMI_GATEWAY__PORT_FILE"])
async def test_what_a_variable_gives_is_locked(open_stand: Open, tmp_path: Path, name: str) -> None:
    (tmp_path / "port").write_text("4000")
    value = str(tmp_path / "port") if name.endswith("_FILE") else "4000"
    async with open_stand("gateway.host = '127.0.0.1'\n", **{name: value}) as stand:
        row = (await values(stand))["gateway.port"]
        assert name in row.locked
        for key in ("gateway.port", "gateway"):
            with pytest.raises(SettingError, match=name):
                await stand.desk.apply(CONSOLE, {key: None})
        await stand.desk.apply(CONSOLE, {"gateway.host": "localhost"})


async def test_bots_of_the_environment_are_locked_one_by_one(open_stand: Open) -> None:
    bots = '[{"kind": "onebot11", "url": "ws://127.0.0.1:1"}]'
    async with open_stand("", KAGAMI_BOTS=bots) as stand:
        with pytest.raises(SettingError, match="KAGAMI_BOTS"):
            await stand.desk.apply(CONSOLE, {"bots.0.name": "x"})


async def test_an_unknown_key_is_refused_with_the_nearest(open_stand: Open) -> None:
    async with open_stand("") as stand:
        with pytest.raises(UnknownSetting, match=r"gateway\.port"):
            await stand.desk.apply(CONSOLE, {"gateway.prot": 1})


async def test_a_check_tells_of_every_change_and_writes_nothing(open_stand: Open) -> None:
    async with open_stand(ODD) as stand:
        changes = {"gateway.port": 4001, "log.level": "loud", "hub.dedupe": 9, "web.host": "0.0.0.0", "gatway.x": 1}  # noqa: S104
        verdict = await stand.desk.check(changes)
        found = {each.key: (each.ok, each.effect) for each in verdict.changes}
        assert found == {
            "gateway.port": (True, "reopen"),
            "log.level": (False, "live"),
            "hub.dedupe": (True, "restart"),
            "web.host": (True, "restart"),
            "gatway.x": (False, "restart"),
        }
        assert not verdict.ok
        assert "-  port=4000" in verdict.diff
        assert "+  port=4001" in verdict.diff
        assert stand.text == ODD


@pytest.mark.parametrize(
    ("key", "value"), [("store.url", "mysql://u:pa55word@h/db"), ("redis.url", "http://:pa55word@h")]
)
async def test_a_server_of_another_kind_is_refused_without_its_password(open_stand: Open, key: str, value: str) -> None:
    async with open_stand("") as stand:
        (checked,) = (await stand.desk.check({key: value})).changes
        assert not checked.ok
        assert checked.error
        assert "pa55word" not in checked.error


async def test_a_part_that_fails_brings_everything_back(open_stand: Open) -> None:
    async with open_stand(ODD) as stand:
        stand.taken = 4001
        with pytest.raises(SettingError, match="taken"):
            await stand.desk.apply(CONSOLE, {"gateway.port": 4001, "language": "zh"})
        assert stand.text == ODD
        assert stand.live.current.gateway.port == 4000
        assert stand.live.translate.language != "zh" or stand.live.current.language == "zh"
        assert await stand.desk.history() == []


async def test_a_file_that_was_edited_meanwhile_is_not_overwritten(open_stand: Open) -> None:
    async with open_stand("# one\n") as stand:
        stand.file.path.write_text("# two\nprefix = '!'\n")
        with pytest.raises(Conflict, match="prefix"):
            await stand.desk.apply(CONSOLE, {"language": "en"})
        place = await stand.desk.place()
        assert place.edited
        applied = await stand.desk.apply(CONSOLE, {"language": "en"}, version=place.version)
        assert stand.live.current.prefix == "!"
        assert [each.key for each in applied.keys] == ["language", "prefix"]


async def test_a_change_that_was_meant_for_another_version_is_refused(open_stand: Open) -> None:
    async with open_stand("# one\n") as stand:
        with pytest.raises(Conflict):
            await stand.desk.apply(CONSOLE, {"language": "en"}, version="0123456789abcdef")


async def test_the_history_tells_who_changed_what(open_stand: Open) -> None:
    async with open_stand("") as stand:
        await stand.desk.apply(MIRA, {"gateway.port": 4001, "gateway.token": "vEryL0ng4ndS3cretT0ken-x"})
        await stand.desk.apply(CONSOLE, {"language": "zh"})
        newest, first = await stand.desk.history()
        assert (first.who, newest.who) == ("person mira", "console")
        told = {each.key: (each.before, each.after) for each in first.changes}
        assert told == {"gateway.port": (3001, 4001), "gateway.token": ({"set": True}, {"set": True})}
        assert [row.id for row in await stand.desk.history("gateway")] == [first.id]
        assert [row.id for row in await stand.desk.history("lang")] == []


async def test_a_language_that_was_asked_for_at_the_start_stays_while_none_is_set(open_stand: Open) -> None:
    async with open_stand("") as stand:
        stand.live.current = msgspec.structs.replace(stand.live.current, language="zh")  # `kagami --lang zh`
        found = await stand.desk.apply(CONSOLE, {"log.level": "debug"})
        assert [each.key for each in found.keys] == ["log.level"]
        assert stand.live.current.language == "zh"
        told = await stand.desk.apply(CONSOLE, {"language": "en"})
        assert ([each.key for each in told.keys], str(stand.live.current.language)) == (["language"], "en")


async def test_a_named_change_is_undone_with_all_that_came_later_and_again(open_stand: Open) -> None:
    async with open_stand(ODD) as stand:
        first = await stand.desk.apply(CONSOLE, {"language": "zh"})
        await stand.desk.apply(CONSOLE, {"hub.drain": 3})
        last = stand.text
        undone = await stand.desk.undo(CONSOLE, first.change)
        assert stand.text == ODD
        with pytest.raises(Refused, match="nothing to undo"):
            await stand.desk.undo(CONSOLE)
        with pytest.raises(NotFound):
            await stand.desk.undo(CONSOLE, 99)
        await stand.desk.undo(CONSOLE, undone.change)
        assert stand.text == last
        assert [row.undone for row in await stand.desk.history()] == [False, True, False, False]


async def test_where_there_was_no_file_there_is_none_again(open_stand: Open) -> None:
    async with open_stand() as stand:
        await stand.desk.apply(CONSOLE, {"language": "zh"})
        assert stand.file.path.name == "kagami.toml"
        await stand.desk.undo(CONSOLE)
        assert not stand.file.path.exists()


async def test_an_undo_stops_at_what_was_edited_by_hand_and_shows_it(open_stand: Open) -> None:
    async with open_stand("# one\n") as stand:
        await stand.desk.apply(CONSOLE, {"language": "zh"})
        by_hand = stand.text + "prefix = '!'\n"
        stand.file.path.write_text(by_hand)
        with pytest.raises(Conflict, match=r"\+prefix"):
            await stand.desk.undo(CONSOLE)
        await stand.desk.reload(CONSOLE)
        assert stand.live.current.prefix == "!"
        with pytest.raises(Conflict, match=r"\+prefix"):
            await stand.desk.undo(CONSOLE)
        assert stand.text == by_hand


async def test_a_bad_file_that_is_read_again_changes_nothing_and_says_why(open_stand: Open) -> None:
    async with open_stand("prefix = '!'\n") as stand:
        before = stand.live.current
        for bad, error in (("prefix = [", ConfigUnreadable), ("prefix = '#'\n", SettingError)):
            stand.file.path.write_text(bad)
            with pytest.raises(error):
                await stand.desk.reload(CONSOLE)
            assert stand.live.current is before


async def test_a_file_that_did_not_change_is_nothing_to_tell_of(open_stand: Open) -> None:
    async with open_stand("prefix = '!'\n") as stand:
        assert (await stand.desk.reload(CONSOLE)).change == 0
        assert (await stand.desk.apply(CONSOLE, {"prefix": "!"})).change == 0
        assert await stand.desk.history() == []


async def test_the_history_outlives_a_restart_and_knows_what_was_edited_meanwhile(open_stand: Open) -> None:
    async with open_stand("# one\n") as stand:
        await stand.desk.apply(CONSOLE, {"language": "zh"})
    async with open_stand('language = "en"\n') as stand:
        by_hand, first = await stand.desk.history()
        assert (by_hand.act, by_hand.who) == ("edited", "system")
        assert [(each.key, each.before, each.after) for each in by_hand.changes] == [("language", "zh", "en")]
        await stand.desk.undo(CONSOLE, first.id)
        assert stand.text == "# one\n"


async def test_a_change_that_a_dying_process_only_announced_is_forgotten(open_stand: Open) -> None:
    async with open_stand("# one\n") as stand:
        await stand.desk.apply(CONSOLE, {"language": "zh"})
    async with open_stand("# one\n") as stand:
        assert await stand.desk.history() == []


async def test_a_file_that_cannot_be_written_changes_nothing(open_stand: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_stand("# one\n") as stand:

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("kagami.edits.os.fsync", full)
        before = stand.live.current
        with pytest.raises(ConfigUnwritable):
            await stand.desk.apply(CONSOLE, {"language": "zh"})
        assert stand.live.current is before
        assert await stand.desk.history() == []


async def test_what_a_plugin_is_told_is_written_and_can_be_undone(open_stand: Open) -> None:
    async with open_stand("# one\n") as stand:
        await stand.desk.set_plugin("com.example.book", {"days": 3})
        assert stand.live.current.plugins.settings == {"com.example.book": {"days": 3}}
        await stand.desk.undo(CONSOLE)
        assert stand.text == "# one\n"


async def test_no_secret_is_in_rows_diffs_history_or_the_store(open_stand: Open, tmp_path: Path) -> None:
    secrets = ["vEryL0ng4ndS3cretT0ken-x", "an0therV3ryS3cretT0ken-y", "b0tS3cret-z", "us3r-p4ss"]
    text = (
        f'[gateway]\ntoken = "{secrets[0]}"\n[[bots]]\nkind = "onebot11"\nurl = "ws://me:{secrets[3]}@127.0.0.1:1"\n'
        f'token = "{secrets[2]}"\n[plugins.settings.book]\napi = "{secrets[2]}"\n'
    )
    async with open_stand(text) as stand:
        verdict = await stand.desk.check({"gateway.token": secrets[1], "bots.0.token": "short", "prefix": "!"})
        await stand.desk.apply(CONSOLE, {"gateway.token": secrets[1], "bots.0.token": "short"})
        seen = [verdict.diff, repr(stand.desk.rows()), repr(await stand.desk.history())]
        stand.file.path.write_text(stand.text.replace(secrets[1], secrets[0] + "more"))
        with pytest.raises(Conflict) as conflict:
            await stand.desk.undo(CONSOLE)
        seen.append(conflict.value.text())
        assert "(new)" in verdict.diff
        for each in [*secrets, "short"]:
            assert not any(each in part for part in seen), each
    for path in (tmp_path / "home").glob("kagami.db*"):
        for each in secrets:
            assert each.encode() not in path.read_bytes()


async def test_rows_say_where_a_value_comes_from_and_what_a_change_does(open_stand: Open) -> None:
    async with open_stand(ODD, WEBUI_PORT="5001") as stand:
        rows = await values(stand)
        port, web, token = rows["gateway.port"], rows["web.port"], rows["gateway.token"]
        assert (port.origin, port.kind, port.least, port.most) == ("kagami.toml:5", "int", 0, 65_535)
        assert (port.value, port.default, port.modified, port.effect) == (4000, 3001, True, "reopen")
        assert (web.locked, web.modified) == ("environment WEBUI_PORT", True)
        assert (token.kind, token.value["set"], token.origin) == ("secret", True, "secrets/gateway_token")
        assert rows["log.level"].choices == ("debug", "info", "warning", "error")
        assert rows["onebot11.call_seconds"].above == 0


async def test_json_stays_json(open_stand: Open) -> None:
    async with open_stand('{"gateway": {"port": 4000}}', "config.json") as stand:
        await stand.desk.apply(CONSOLE, {"gateway.port": 4001})
        assert json.loads(stand.text) == {"gateway": {"port": 4001}}
