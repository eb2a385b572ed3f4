from __future__ import annotations

import pytest

from kagami.centre.applications import ApplicationsDesk
from kagami.errors import NotFound, Refused, SettingError, UnknownSetting
from kagami.model.principal import CONSOLE
from kagami.ports import Connection
from tests.centre.conftest import Open, Stand

FILE = """[[workers]]
name = "nonebot"  # the first
token = "a-token-of-its-own"

[[workers]]
name = "script"
url = "ws://127.0.0.1:8080/ws/"
token = "another-token"

# the end
"""


def desk(stand: Stand) -> ApplicationsDesk:
    return ApplicationsDesk(stand.desk, str)


async def test_one_that_connects_gets_a_token_of_its_own(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        await desk(stand).add(CONSOLE, {"name": "koishi", "url": "", "late_seconds": "60"})
        added = stand.live.current.workers[2]
        assert (added.name, added.late_seconds) == ("koishi", 60)
        assert len(added.token.reveal()) >= 32
        assert stand.text.startswith(FILE.removesuffix("# the end\n"))
        (row,) = await stand.desk.history()
        assert row.act == "workers.add"
        assert added.token.reveal() not in str(row)


async def test_one_that_is_dialled_has_the_token_that_was_given(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        await desk(stand).add(CONSOLE, {"name": "koishi", "url": "ws://127.0.0.1:5140/onebot"})
        added = stand.live.current.workers[2]
        assert (added.url, added.token.reveal()) == ("ws://127.0.0.1:5140/onebot", "")


async def test_one_is_changed_and_removed_and_no_other(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        await desk(stand).edit(CONSOLE, "nonebot", {"enabled": False})
        assert [each.enabled for each in stand.live.current.workers] == [False, True]
        await desk(stand).edit(CONSOLE, "nonebot", {"enabled": None})
        assert stand.text == FILE
        await desk(stand).remove(CONSOLE, "nonebot")
        assert [each.name for each in stand.live.current.workers] == ["script"]
        assert stand.text.endswith("# the end\n")


async def test_a_kept_token_does_not_go_to_another_host(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        for worker in ("nonebot", "script"):
            with pytest.raises(Refused, match="token too"):
                await desk(stand).edit(CONSOLE, worker, {"url": "ws://elsewhere:1"})
        assert stand.text == FILE
        await desk(stand).edit(CONSOLE, "script", {"url": "ws://elsewhere:1", "token": "new"})
        assert stand.live.current.workers[1].url == "ws://elsewhere:1"


async def test_what_to_paste_is_told_of_both_directions(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        assert desk(stand).connection("nonebot") == Connection("ws://127.0.0.1:3001/", "a-token-of-its-own")
        assert desk(stand).connection("script") == Connection("ws://127.0.0.1:8080/ws/", "another-token")


async def test_others_are_refused(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        with pytest.raises(NotFound):
            await desk(stand).remove(CONSOLE, "nobody")
        with pytest.raises(SettingError, match="same name"):
            await desk(stand).add(CONSOLE, {"name": "script"})
        assert stand.text == FILE


async def test_its_keys_are_told(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        kind = desk(stand).kind()
        assert kind.required == ("name",)
        assert {"url", "token", "pool", "bots", "enabled"} <= {each.key for each in kind.keys}
        assert all(each.text for each in kind.keys)


async def test_a_name_that_is_much_like_one_is_told(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        with pytest.raises(NotFound, match="Did you mean nonebot"):
            await desk(stand).edit(CONSOLE, "nonebo", {"pool": "x"})
        with pytest.raises(UnknownSetting, match=r"Did you mean workers\.0\.token"):
            await desk(stand).edit(CONSOLE, "nonebot", {"tokn": "x"})
