"""Operations over HTTP: bytes in, status and bytes out. The one place that knows which error is which status."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from kagami import log
from kagami.errors import (
    BotOffline,
    ConfirmationNeeded,
    Conflict,
    CredentialsRefused,
    Denied,
    DialogClosed,
    HandshakeRefused,
    KagamiError,
    NotFound,
    PluginError,
    Refused,
    RowRefused,
    Throttled,
    Unauthorized,
    Unavailable,
    UsageError,
    WireError,
)
from kagami.model.principal import Principal
from kagami.operations.misfit import misfit
from kagami.operations.registry import Registry
from kagami.ports import Parts

JSON = "application/json"
# The most special class of an error that is named here decides.
STATUS: dict[type[KagamiError], HTTPStatus] = {
    Refused: HTTPStatus.BAD_REQUEST,
    NotFound: HTTPStatus.NOT_FOUND,
    Unauthorized: HTTPStatus.UNAUTHORIZED,
    Denied: HTTPStatus.FORBIDDEN,
    ConfirmationNeeded: HTTPStatus.PRECONDITION_REQUIRED,
    Throttled: HTTPStatus.TOO_MANY_REQUESTS,
    Conflict: HTTPStatus.CONFLICT,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    BotOffline: HTTPStatus.CONFLICT,
    PluginError: HTTPStatus.CONFLICT,
    RowRefused: HTTPStatus.BAD_REQUEST,
    WireError: HTTPStatus.BAD_REQUEST,
    HandshakeRefused: HTTPStatus.FORBIDDEN,
    CredentialsRefused: HTTPStatus.BAD_GATEWAY,
    DialogClosed: HTTPStatus.CONFLICT,
    KagamiError: HTTPStatus.INTERNAL_SERVER_ERROR,
}

_say = log.get("web")


class Answer(NamedTuple):
    """`body` is JSON."""

    status: int
    body: bytes


async def answer(
    operations: Registry, parts: Parts, who: Principal, name: str, body: bytes, *, passed_on: bool = False
) -> Answer:
    """Call the operation `topic.verb` with a request in JSON; an empty body is a request without fields."""
    try:
        found = operations.find(name)
        request = read_request(found.request, body)
        value = await operations.call(parts, who, request, passed_on=passed_on)
    except KagamiError as error:
        return refusal(error)
    except Exception as error:  # noqa: BLE001 - a bug in one operation is told here and must not end the connection
        _say.error("operation failed", cause=error, operation=name)
        return refusal(KagamiError(reason="the engine failed at this; its log has the details"))
    return Answer(HTTPStatus.OK, msgspec.json.encode(value))


def read_request(kind: type[msgspec.Struct], body: bytes) -> msgspec.Struct:
    """Decode a request; `UsageError` names the field that is wrong."""
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise misfit(kind, error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UsageError(reason="the body is not JSON") from None


def refusal(error: KagamiError) -> Answer:
    """An error as `{"error": {"code", "message", "field"?, "details"}}`; from code and details it can be made again."""
    details = {key: str(value) for key, value in error.details.items()}
    told: dict[str, Any] = {"code": error.code, "message": error.text(), "details": details}
    if field := details.get("field") or details.get("key"):
        told["field"] = field
    return Answer(status_of(error), msgspec.json.encode({"error": told}))


def bare(status: int) -> Answer:
    """A refusal that says no more than its status, in the form of every other one."""
    phrase = HTTPStatus(status).phrase
    return Answer(status, msgspec.json.encode({"error": {"code": phrase.replace(" ", ""), "message": phrase}}))


def respond(told: Answer) -> web.Response:
    return web.Response(status=told.status, body=told.body, headers={"Content-Type": JSON})


def status_of(error: KagamiError) -> HTTPStatus:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
