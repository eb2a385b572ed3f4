"""What operations show of private things, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from kagami.core.privacy.config import PrivacyConfig
from kagami.core.privacy.desk import PrivacyDesk, place_of
from kagami.core.routing import Rule
from kagami.errors import Denied, NoSuchKind, NotFound
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.principal import Principal
from kagami.model.trace import Trace
from kagami.operations import registry
from kagami.operations.audit import ExportAudit, ListAudit
from kagami.operations.messages import ListChats, ListMessages, Search
from kagami.operations.privacy import Mask, Reveal, veiled_audit
from kagami.operations.routes import TryRoutes
from kagami.operations.traces import GetTrace, ListTraces
from kagami.ports import AuditRow, ChatRow, MessageRow, Parts
from tests.operations.conftest import AuditStore
from tests.operations.desks import Crossing

VIEWER = Principal("person", "v", frozenset({"*:read"}))
ADMIN = Principal("person", "a", frozenset({"*"}))
SAID = "打13800138000"
ROW = MessageRow(7, "in", 1, BotId("qq:1"), ChatId("group:1"), UserId("2"), SAID, ExecutionId("e"), "handled")
ASKED = AuditRow(
    1, 1, "person", "a", "", "messages.send", f'{{"bot":"qq:1","chat":"group:1","text":"{SAID}","wait":3}}', "ok"
)
TRACE = Trace(ExecutionId("e"), BotId("qq:1"), ChatId("group:1"), UserId("2"), 1, 1, "dead", text=SAID, error=SAID)


class Shelf:
    """Rows that all hold the same private text."""

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

    async def audits_after(self, *_: int) -> list[AuditRow]:
        return [ASKED]


class Kept(Shelf, AuditStore):
    """It keeps an audit of its own."""


class Audited(Shelf):
    async def audits(self, **_: Any) -> list[AuditRow]:
        return [ASKED]


@pytest.fixture
def parts(make_parts: Callable[..., Parts]) -> Parts:
    crossing = Crossing(AuditStore())
    return make_parts(store=Audited(), privacy=PrivacyDesk(PrivacyConfig(enabled=True)), routing=crossing)


async def test_the_audit_names_a_value_as_its_chat_does(parts: Parts) -> None:
    parts.privacy.mask("13900139000", place_of(ROW.bot, ROW.chat))
    (shown,) = await registry().call(parts, VIEWER, ListAudit())
    assert msgspec.json.decode(shown.target) == {"bot": "qq:1", "chat": "group:1", "text": "打[phone-2]", "wait": 3}


async def test_a_target_that_is_no_json_is_veiled_too(parts: Parts) -> None:
    (shown,) = veiled_audit(replace(parts, who=VIEWER), [msgspec.structs.replace(ASKED, target=f"{{{SAID}")])
    assert shown.target == "{打[phone-1]"


@pytest.mark.parametrize(
    "request_",
    [
        ListMessages(),
        Search(text="1"),
        ListChats(),
        ListTraces(),
        GetTrace(execution="e"),
        ListAudit(),
        ExportAudit(),
        ExportAudit(format="csv"),
        TryRoutes(rules=[Rule("*", "drop")]),
    ],
    ids=repr,
)
async def test_who_may_not_reveal_sees_stand_ins_and_who_may_sees_the_text(parts: Parts, request_: Any) -> None:
    masked = repr(await registry().call(parts, VIEWER, request_))
    # In the list of chats it is what somebody calls themselves.
    assert ("[name-1]" if isinstance(request_, ListChats) else "[phone-1]") in masked
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


async def test_a_message_that_is_not_there_is_not_revealed(make_parts: Callable[..., Parts]) -> None:
    with pytest.raises(NotFound):
        await registry().call(make_parts(store=Kept()), ADMIN, Reveal(message=6))


async def test_a_text_shows_what_would_be_masked_in_it(parts: Parts) -> None:
    masked = await registry().call(parts, VIEWER, Mask(text=f"{SAID} a@b.io", kinds="phone"))
    assert masked.text == "打[phone-1] a@b.io"
    assert [(each.kind, each.start, each.end) for each in masked.found] == [("phone", 1, 12)]


async def test_a_kind_that_there_is_not_is_refused_by_name(parts: Parts) -> None:
    with pytest.raises(NoSuchKind, match="fax"):
        await registry().call(parts, VIEWER, Mask(text="", kinds="mail, fax"))
