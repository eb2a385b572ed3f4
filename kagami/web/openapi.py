"""The interface in OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0), made of the types that it really uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from kagami import __version__
from kagami.operations.registry import Operation, Registry
from kagami.operations.sound import LARGEST, SMALLEST
from kagami.ports.people import Tokens
from kagami.web.auth import AUTH, Login, Refresh, Setup
from kagami.web.health import Health
from kagami.web.live import SCOPES, Subscription
from kagami.web.operations import JSON

TEMPLATE = "#/components/schemas/{name}"
# What every operation may answer instead of its answer. 428 comes from those alone that ask before they act.
REFUSED = (400, 401, 403, 404, 408, 409, 411, 413, 415, 421, 429, 500, 502, 503)
UNCONFIRMED = int(HTTPStatus.PRECONDITION_REQUIRED)
# Who has nothing to show may call these.
OPEN: list[dict[str, list[str]]] = [{}]
Schema = dict[str, Any]


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """`code` is stable, `message` for people, `field` what is wrong in the request; `details` are the message's own."""

    code: str
    message: str
    field: str = ""
    details: dict[str, str] = {}


class ErrorAnswer(msgspec.Struct, frozen=True):
    error: Fault


class State(msgspec.Struct, frozen=True):
    state: str


class Admitted(msgspec.Struct, frozen=True):
    """What a browser is told; its tokens are cookies."""

    expires_in: int


class Nothing(msgspec.Struct, frozen=True):
    pass


FIXED = (ErrorAnswer, Login, Refresh, Setup, Tokens, Admitted, Nothing, Health, State, Subscription)
Kinds = dict[type, Schema]


def describe(operations: Registry) -> Schema:
    """The document, as plain values."""
    found = list(operations.by_name.values())
    asked, told = [each.request for each in found], [each.answer for each in found]
    made, components = msgspec.json.schema_components([*asked, *told, *FIXED], ref_template=TEMPLATE)
    requests, answers = made[: len(found)], made[len(found) : 2 * len(found)]
    kinds: Kinds = dict(zip(FIXED, made[2 * len(found) :], strict=True))
    given = _reached([*requests, kinds[Login], kinds[Refresh], kinds[Setup]], components)
    paths = {
        f"/api/v1/{each.topic}/{each.verb}": _operation(each, request, answer)
        for each, request, answer in zip(found, requests, answers, strict=True)
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kagami", "version": __version__, "license": {"name": "MIT", "identifier": "MIT"}},
        "paths": paths | _auth(kinds) | _probes(kinds) | _live(),
        "components": {
            "schemas": {name: _bounded(each) if name in given else each for name, each in components.items()},
            "responses": {"Refused": _content(kinds[ErrorAnswer], "Why it was not done.")},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An API token or an access token."}
            },
        },
        "security": [{"bearer": []}],
    }


def _operation(found: Operation, request: Schema, answer: Schema) -> Schema:
    confirm = {
        "name": "X-Confirm",
        "in": "header",
        "description": "`yes`: a person was asked.",
        "schema": {"type": "string"},
    }
    told: Schema = {
        "operationId": found.name,
        "tags": [found.topic],
        "summary": found.text,
        "x-kagami-scope": found.scope,
        "requestBody": {"content": {JSON: {"schema": request}}, "required": _needs_body(found)},
        "responses": {"200": _content(answer, found.text)} | _refusals(*((UNCONFIRMED,) if found.asks else ())),
    }
    if found.asks:
        told["parameters"] = [confirm]
    return {"post": told}


def _needs_body(found: Operation) -> bool:
    return any(each.required for each in msgspec.structs.fields(found.request))


def _auth(kinds: Kinds) -> Schema:
    tokens, refusals = {"anyOf": [kinds[Tokens], kinds[Admitted]]}, _refusals()
    acts = {
        "login": ("Log in.", kinds[Login], tokens, OPEN),
        "refresh": ("Another pair of tokens for a refresh token, which is used up.", kinds[Refresh], tokens, OPEN),
        "setup": ("Make the first operator with the set-up code.", kinds[Setup], tokens, OPEN),
        "logout": ("End the session of a token.", kinds[Refresh], kinds[Nothing], OPEN),
    }
    return {
        f"{AUTH}/{name}": {
            "post": {
                "operationId": f"auth.{name}",
                "tags": ["auth"],
                "summary": text,
                "security": security,
                "requestBody": {"content": {JSON: {"schema": request}}, "required": name in ("login", "setup")},
                "responses": {"200": _content(answer, text)} | refusals,
            }
        }
        for name, (text, request, answer, security) in acts.items()
    }


def _probes(kinds: Kinds) -> Schema:
    state = kinds[State]
    plain = {"description": "In Prometheus' text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    probes = {
        "/livez": ("Whether the engine turns.", state),
        "/readyz": ("Whether it takes events.", state),
        "/healthz": ("The state, and for who may know it each component's.", {"anyOf": [kinds[Health], state]}),
    }
    paths = {
        path: _get(path, text, {"200": _content(answer, text), "503": _content(answer, "It is not well.")}, OPEN)
        for path, (text, answer) in probes.items()
    }
    described = {"200": _content({"type": "object"}, "OpenAPI 3.1.")}
    return paths | {
        "/metrics": _get("/metrics", "Metrics.", {"200": plain, "401": _refusal()}, [{}, {"bearer": []}]),
        "/api/v1/openapi.json": _get("/api/v1/openapi.json", "This document.", described, None),
    }


def _live() -> Schema:
    topics = ", ".join(f"`{topic}` needs `{scope}`" for topic, scope in SCOPES.items())
    text = (
        "A WebSocket. Say a `Subscription` first; items `{topic, value}` come until one side closes. "
        f"{topics}. It is closed with 1008 when the rights end."
    )
    told = {"101": {"description": "The feed begins."}}
    item = _get("/api/v1/live", "What changes, while it changes.", told, None)
    item["get"]["description"] = text
    item["get"]["x-kagami-subscription"] = {"$ref": TEMPLATE.format(name="Subscription")}
    return {"/api/v1/live": item}


def _get(path: str, text: str, told: Schema, security: list[dict[str, list[str]]] | None) -> Schema:
    made: Schema = {"operationId": path.strip("/").replace("/", "."), "tags": ["engine"], "summary": text}
    refused = _refusals(426) if security is None else {"400": _refusal(), "421": _refusal()}
    made["responses"] = refused | told
    return {"get": made if security is None else made | {"security": security}}


def _refusals(*more: int) -> Schema:
    return {str(status): _refusal() for status in sorted((*REFUSED, *more))}


def _refusal() -> Schema:
    return {"$ref": "#/components/responses/Refused"}


def _content(schema: Schema, text: str) -> Schema:
    return {"description": text, "content": {JSON: {"schema": schema}}}


def _reached(schemas: Iterable[Schema], components: Mapping[str, Schema]) -> set[str]:
    """The names of components that these refer to, directly or not."""
    found: set[str] = set()
    waiting: list[Any] = list(schemas)
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            name = str(each.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found.add(name)
                waiting.append(components[name])
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return found


def _bounded(schema: Any) -> Any:
    """With the bounds that every number of a request has."""
    if isinstance(schema, list):
        return [_bounded(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: each if name == "default" else _bounded(each) for name, each in schema.items()}
    if made.get("type") == "integer":
        made = {"minimum": SMALLEST, "maximum": LARGEST, "format": "int64"} | made
    return made
