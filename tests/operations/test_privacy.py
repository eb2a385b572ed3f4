"""What operations show of private things, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kagami.core.privacy.config import PrivacyConfig
from kagami.core.privacy.desk import PrivacyDesk
from kagami.errors import Denied, NoSuchKind, NotFound
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.principal import Principal
from kagami.model.trace import Trace
from kagami.operations import registry
from kagami.operations.messages import ListChats, ListMessages, Search
from kagami.operations.privacy import Mask, Reveal
from kagami.operations.traces import GetTrace, ListTraces
from kagami.ports import ChatRow, MessageRow, Parts
from tests.operations.conftest import AuditStore

VIEWER = Principal("person", "v", frozenset({"*:read"}))
ADMIN = Principal("person", "a", frozenset({"*"}))
SAID = "打13800138000"
ROW = MessageRow(7, "in", 1, BotId("qq:1"), ChatId("group:1"), UserId("2"), SAID, ExecutionId("e"), "handled")
TRACE = Trace(ExecutionId("e"), BotId("qq:1"), ChatId("group:1"), UserId("2"), 1, 1, "dead", text=SAID, error=SAID)


class Kept(AuditStore):
    async def messages(self, **_: Any) -> list[MessageRow]:
        return [ROW]

    async def search(self, _: str, **__: Any) -> list[MessageRow]:
        return [ROW]

    async def chats(self, **_: Any) -> list[ChatRow]:
        return [ChatRow(ROW.bot, ROW.chat, SAID, 1, SAID, SAID, 1)]

    async def traces(self, **_: Any) -> list[Trace]:
        return [TRACE]

    async def trace(self, _: str) -> Trace:
        return TRACE

    async def sends(self, _: str) -> list[MessageRow]:
        return [ROW]


@pytest.fixture
def parts(make_parts: Callable[..., Parts]) -> Parts:
    return make_parts(store=Kept(), privacy=PrivacyDesk(PrivacyConfig(enabled=True)))


@pytest.mark.parametrize(
    "request_", [ListMessages(), Search(text="1"), ListChats(), ListTraces(), GetTrace(execution="e")], ids=repr
)
async def test_who_may_not_reveal_sees_placeholders_and_who_may_sees_the_text(parts: Parts, request_: Any) -> None:
    masked = repr(await registry().call(parts, VIEWER, request_))
    assert "[phone-1]" in masked
    assert "13800138000" not in masked
    assert "13800138000" in repr(await registry().call(parts, ADMIN, request_))


async def test_while_the_guard_is_off_everybody_who_may_read_sees_the_text(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts(store=Kept())
    assert (await registry().call(parts, VIEWER, ListMessages()))[0].text == SAID


async def test_a_look_behind_is_refused_or_in_the_audit(make_parts: Callable[..., Parts]) -> None:
    store = Kept()
    parts = make_parts(store=store, privacy=PrivacyDesk(PrivacyConfig(enabled=True)))
    with pytest.raises(Denied):
        await registry().call(parts, VIEWER, Reveal(message=7))
    assert (await registry().call(parts, ADMIN, Reveal(message=7))).text == SAID
    assert [(who, name, told, result) for _, who, name, told, result in store.audits] == [
        ("v", "messages.reveal", '{"message":7}', "denied"),
        ("a", "messages.reveal", '{"message":7}', "ok"),
    ]


async def test_a_message_that_is_not_there_is_not_revealed(parts: Parts) -> None:
    with pytest.raises(NotFound):
        await registry().call(parts, ADMIN, Reveal(message=6))


async def test_a_text_shows_what_would_be_masked_in_it(parts: Parts) -> None:
    masked = await registry().call(parts, VIEWER, Mask(text=f"{SAID} a@b.io", kinds="phone"))
    assert masked.text == "打[phone-1] a@b.io"
    assert [(each.kind, each.start, each.end) for each in masked.found] == [("phone", 1, 12)]


async def test_a_kind_that_there_is_not_is_refused_by_name(parts: Parts) -> None:
    with pytest.raises(NoSuchKind, match="fax"):
        await registry().call(parts, VIEWER, Mask(text="", kinds="mail, fax"))
