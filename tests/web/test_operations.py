from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kagami.errors import (
    BotOffline,
    ConfirmationNeeded,
    Conflict,
    CredentialsRefused,
    Denied,
    DialogTimeout,
    EngineAway,
    HandshakeRefused,
    KagamiError,
    ManifestError,
    NotFound,
    RowRefused,
    SettingError,
    StoreClosed,
    Throttled,
    Unauthorized,
    UsageError,
    WireError,
)
from kagami.model.principal import CONSOLE, Principal
from kagami.operations import registry
from kagami.operations.bots import Disconnect
from kagami.web.operations import answer, read_request, refusal, status_of
from tests.web.doubles import Odd, SmallStore, StillHouse, make_parts

OPERATIONS = registry()
NOBODY = Principal("chat", "qq:1")
SETTING = {"key": "web.port", "value": "x", "origin": "default", "reason": "r", "fix": "f"}


async def ask(name: str, body: bytes = b"", *, who: Principal = CONSOLE, **parts: Any) -> tuple[int, Any]:
    told = await answer(OPERATIONS, make_parts(**parts), who, name, body)
    return told.status, msgspec.json.decode(told.body)


async def test_an_answer_is_json() -> None:
    status, rows = await ask("bots.list")
    assert (status, rows[0]["id"]) == (200, "qq:shiori")


async def test_an_operation_without_an_answer_says_null() -> None:
    house = StillHouse()
    assert await ask("system.stop", b'{"reason": "test"}', house=house) == (200, None)
    assert house.stopped == "test"


async def test_an_unknown_operation_is_not_found() -> None:
    status, told = await ask("bots.dance")
    assert (status, told["error"]["code"]) == (404, "NotFound")


async def test_a_missing_right_is_forbidden() -> None:
    status, told = await ask("bots.list", who=NOBODY)
    assert (status, told["error"]["code"]) == (403, "Denied")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b'{"bot": 5}', "UnfitField", "bot"),
        (b'{"bot": "x", "more": 1}', "UnknownField", "more"),
        (b"{}", "MissingField", "bot"),
        (b"[]", "UsageError", ""),
        (b'{"bot": "\xff"}', "UsageError", ""),
    ],
)
async def test_a_wrong_request_is_a_bad_one(body: bytes, code: str, field: str) -> None:
    status, told = await ask("bots.disconnect", body)
    assert (status, told["error"]["code"]) == (400, code)
    assert told["error"].get("field", "") == field


@pytest.mark.parametrize("body", [b"{", b"null", b"[" * 100_000, b'{"bot": NaN}'])
async def test_what_is_not_json_is_refused(body: bytes) -> None:
    status, _ = await ask("bots.disconnect", body)
    assert status == 400


async def test_an_error_of_the_engine_keeps_its_code() -> None:
    store = SmallStore()
    store.broken = StoreClosed(reason="the disk is full")
    status, told = await ask("messages.chats", store=store)
    assert (status, told["error"]["code"]) == (503, "StoreClosed")
    assert told["error"]["details"] == {"reason": "the disk is full"}


async def test_a_bug_is_told_without_its_words() -> None:
    store = SmallStore()
    store.broken = ZeroDivisionError("secret words")
    status, told = await ask("messages.chats", store=store)
    assert (status, told["error"]["code"]) == (500, "KagamiError")
    assert "secret words" not in str(told)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError(reason="r"), 400),
        (SettingError(**SETTING), 400),
        (NotFound(what="bot", name="n"), 404),
        (Denied(scope="s"), 403),
        (Conflict(reason="r"), 409),
        (BotOffline(bot="b"), 409),
        (EngineAway(address="a"), 503),
        (StoreClosed(reason="r"), 503),
        (WireError(reason="r"), 400),
        (HandshakeRefused(status=409, reason="r"), 403),
        (CredentialsRefused(peer="p", reason="r"), 502),
        (DialogTimeout(), 409),
        (ManifestError(path="p", reason="r"), 409),
        (RowRefused(reason="r"), 400),
        (Unauthorized(reason="r"), 401),
        (ConfirmationNeeded(what="w"), 428),
        (Throttled(seconds=1), 429),
        (Odd(reason="r"), 500),
    ],
)
def test_every_error_has_a_status(error: KagamiError, status: int) -> None:
    assert status_of(error) == status


def test_the_key_of_a_setting_is_the_field() -> None:
    assert msgspec.json.decode(refusal(SettingError(**SETTING)).body)["error"]["field"] == "web.port"


def test_an_empty_body_is_a_request_without_fields() -> None:
    with pytest.raises(UsageError, match="bot"):
        read_request(Disconnect, b"")
