from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from kagami.centre.accounts import AccountsDesk
from kagami.core.scopes import ROLES
from kagami.errors import Conflict, Denied, NotFound, Refused, SettingError
from kagami.model.ids import BotId
from kagami.model.principal import CONSOLE
from kagami.ports import Login
from tests.centre.conftest import Open, Stand
from tests.operations.logins import WrittenLogin

KINDS = ["onebot11", "napcat", "weixin", "wxbot", "telegram", "dingtalk", "feishu", "kook"]

FILE = """[[bots]]
kind = "onebot11"
url = "ws://127.0.0.1:1"  # the first
name = "one"

[[bots]]
kind = "onebot11"
url = "ws://127.0.0.1:2"

# the end
"""


class Dialled:
    """Two connections, of which the second has told its account."""

    def __init__(self) -> None:
        self.again: list[int] = []
        self.left: list[int] = []

    def ids(self) -> list[BotId]:
        return [BotId("onebot11:one"), BotId("qq:2")]

    async def reconnect(self, place: int) -> None:
        self.again.append(place)

    def login(self, place: int) -> Login | None:
        """The second begins a new one each time."""
        return WrittenLogin() if place else None

    def leaving(self, place: int) -> Callable[[], Awaitable[None]]:
        async def leave() -> None:
            self.left.append(place)

        return leave


class Guest:
    def __init__(self) -> None:
        self.closed: list[str] = []

    async def close(self, reason: str) -> None:
        self.closed.append(reason)


class Bots:
    """One bot came to the gateway."""

    def __init__(self) -> None:
        self.guest = Guest()

    def get(self, bot: BotId) -> Any:
        return self.guest if bot == "qq:3" else None

    def rows(self) -> list[Any]:
        return []


def desk(stand: Stand, gone: list[str] | None = None) -> AccountsDesk:
    forget = (gone if gone is not None else []).append
    return AccountsDesk(stand.desk, Dialled(), Bots(), forget=forget, translate=str)


async def test_a_bot_is_added_behind_the_others(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        keys = {"kind": "onebot11", "name": "", "url": "ws://127.0.0.1:3", "pace.chat_per_second": "2"}
        await desk(stand).add(CONSOLE, keys)
        table = '[[bots]]\nkind = "onebot11"\nurl = "ws://127.0.0.1:3"\npace = {chat_per_second = 2.0}\n\n# the end\n'
        assert stand.text == FILE.replace("# the end\n", table)
        assert stand.live.current.bots[2].pace.chat_per_second == 2


@pytest.mark.parametrize(("bot", "place"), [("one", 0), ("onebot11:one", 0), ("qq:2", 1)])
async def test_a_bot_goes_by_its_name_or_its_account(open_stand: Open, bot: str, place: int) -> None:
    async with open_stand(FILE) as stand:
        await desk(stand).edit(CONSOLE, bot, {"enabled": False}, act="bots.pause")
        assert [each.enabled for each in stand.live.current.bots].index(False) == place
        (row,) = await stand.desk.history()
        assert row.act == "bots.pause"
        await desk(stand).edit(CONSOLE, bot, {"enabled": None}, act="bots.resume")
        assert stand.text == FILE


async def test_a_bot_that_is_removed_is_not_missed(open_stand: Open) -> None:
    gone: list[str] = []
    async with open_stand(FILE) as stand:
        await desk(stand, gone).remove(CONSOLE, "qq:2")
        assert [each.name for each in stand.live.current.bots] == ["one"]
        assert "# the first" in stand.text
    assert gone == ["qq:2"]


async def test_what_a_bot_has_kept_goes_with_it(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        dialled = Dialled()
        accounts = AccountsDesk(stand.desk, dialled, Bots(), forget=lambda _: None, translate=str)
        with pytest.raises(NotFound):
            await accounts.remove(CONSOLE, "nobody")
        await accounts.remove(CONSOLE, "qq:2")
        assert dialled.left == [1]


async def test_others_are_refused(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        with pytest.raises(NotFound):
            await desk(stand).remove(CONSOLE, "nobody")
        with pytest.raises(Refused, match="by itself"):
            await desk(stand).edit(CONSOLE, "qq:3", {"name": "x"})
        with pytest.raises(SettingError, match="same name"):
            await desk(stand).edit(CONSOLE, "qq:2", {"name": "one"})
        with pytest.raises(SettingError):
            await desk(stand).test(keys={"url": "http://x"})
        assert stand.text == FILE


async def test_who_came_by_itself_is_asked_to_come_again(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        dialled, bots = Dialled(), Bots()
        accounts = AccountsDesk(stand.desk, dialled, bots, forget=lambda _: None, translate=str)
        await accounts.reconnect("one")
        await accounts.reconnect("qq:3")
        assert dialled.again == [0]
        assert len(bots.guest.closed) == 1


async def test_a_bot_is_tried_from_outside(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        found = await desk(stand).test("one")
        assert [each.state for each in found] == ["ok", "bad"]
        assert "port 1" in found[-1].text


async def test_kinds_are_told(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        assert [each.kind for each in desk(stand).kinds()] == KINDS


async def test_a_kept_token_does_not_go_to_another_host(open_stand: Open) -> None:
    kept = FILE.replace('url = "ws://127.0.0.1:1"', 'url = "ws://127.0.0.1:1"\ntoken = "kept"', 1)
    assert kept != FILE
    async with open_stand(kept) as stand:
        with pytest.raises(Refused, match="token too"):
            await desk(stand).edit(CONSOLE, "one", {"url": "ws://elsewhere:1"})
        await desk(stand).edit(CONSOLE, "one", {"url": "ws://127.0.0.1:1/path"})
        await desk(stand).edit(CONSOLE, "one", {"url": "ws://elsewhere:1", "token": "new"})
        assert stand.live.current.bots[0].address == "ws://elsewhere:1"


async def test_a_login_goes_on_under_the_name_that_it_was_begun_with(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        accounts = desk(stand)
        with pytest.raises(Refused, match="under way"):
            accounts.login_of("qq:2")
        begun = accounts.login("qq:2")
        assert accounts.login_of("qq:2") is begun
        assert accounts.login("qq:2") is not begun
        assert accounts.login_of("qq:2") is not begun


async def test_who_needs_no_login_has_none(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        with pytest.raises(Refused, match="needs no login"):
            desk(stand).login("one")
        with pytest.raises(NotFound):
            desk(stand).login_of("nobody")


async def test_no_login_is_left_of_a_bot_that_was_removed(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        accounts = desk(stand)
        accounts.login("qq:2")
        await accounts.remove(CONSOLE, "qq:2")
        with pytest.raises(Refused, match="under way"):
            accounts.login_of("qq:2")


async def test_a_napcat_is_put_beside_kagami_with_its_table(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        made = await desk(stand).stand(CONSOLE)
        assert stand.live.current.bots[-1].name == made.bot == "napcat"
        assert made.command == f"cd {made.folder} && docker compose up -d"
        with pytest.raises(Conflict, match="already"):
            await desk(stand).stand(CONSOLE)


async def test_of_a_napcat_whose_table_cannot_be_added_no_file_is_left(
    open_stand: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise Refused(reason="the file is locked")

    async with open_stand(FILE) as stand:
        folder = stand.live.current.home.path / "napcat"
        with monkeypatch.context() as patch:
            patch.setattr(stand.desk, "edit", refuse)
            with pytest.raises(Refused):
                await desk(stand).stand(CONSOLE)
        assert not folder.exists()
        assert (await desk(stand).stand(CONSOLE)).folder == str(folder)


OPERATOR = msgspec.structs.replace(CONSOLE, scopes=ROLES["operator"])
HERE = {"kind": "napcat", "name": "cat", "webui_url": "http://127.0.0.1:6099", "webui_token": "t0ken"}


@pytest.mark.parametrize("key", ["webui_url", "gateway_url"])
async def test_who_may_not_see_the_gateways_token_has_it_told_to_no_other_machine(open_stand: Open, key: str) -> None:
    there = {key: f"{'http' if key == 'webui_url' else 'ws'}://192.0.2.1:6099"}
    async with open_stand(FILE) as stand:
        with pytest.raises(Denied, match="system:secret"):
            await desk(stand).add(OPERATOR, HERE | there)
        await desk(stand).add(OPERATOR, HERE)
        with pytest.raises(Denied, match="system:secret"):
            await desk(stand).edit(OPERATOR, "cat", there | {"webui_token": "t0ken"})


async def test_a_napcat_that_is_dialled_is_not_told_it(open_stand: Open) -> None:
    async with open_stand(FILE) as stand:
        url = {"url": "ws://192.0.2.1:3001", "webui_url": "http://192.0.2.1:6099"}
        await desk(stand).add(OPERATOR, HERE | url)
        assert stand.live.current.bots[2].name == "cat"
