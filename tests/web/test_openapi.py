from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis

from kagami.operations import registry
from kagami.operations.registry import Operation
from kagami.web.config import WebConfig
from kagami.web.handlers import Handlers
from kagami.web.openapi import describe
from tests.web.doubles import make_parts

OPERATIONS = registry()
DOCUMENT = describe(OPERATIONS)


@pytest.mark.parametrize("found", OPERATIONS.by_name.values(), ids=lambda found: found.name)
def test_every_operation_is_described_with_its_right(found: Operation) -> None:
    told = DOCUMENT["paths"][f"/api/v1/{found.topic}/{found.verb}"]["post"]
    assert (told["operationId"], told["summary"], told["x-kagami-scope"]) == (found.name, found.text, found.scope)
    assert {"400", "401", "403", "404", "409", "413", "415", "429", "500", "503"} <= set(told["responses"])
    assert ("428" in told["responses"]) == found.asks
    assert "security" not in told  # that of the whole document


def test_what_needs_no_token_is_named() -> None:
    free = {
        path for path, item in DOCUMENT["paths"].items() for each in item.values() if {} in each.get("security", [])
    }
    assert free == {
        "/livez",
        "/readyz",
        "/healthz",
        "/metrics",
        *(f"/api/v1/auth/{act}" for act in ("login", "logout", "refresh", "setup")),
    }


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        place: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert place


def test_every_schema_is_json_schema_2020_12() -> None:
    for name in DOCUMENT["components"]["schemas"]:
        root = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
        jsonschema_rs.Draft202012Validator(root)


def test_numbers_of_requests_have_the_bounds_that_they_really_have() -> None:
    fields = DOCUMENT["components"]["schemas"]["ListTraces"]["properties"]
    bounds = {name: (fields[name]["minimum"], fields[name]["maximum"]) for name in ("slower_us", "limit")}
    assert bounds == {"slower_us": (-(1 << 63), (1 << 63) - 1), "limit": (1, 1 << 53)}


def test_a_request_takes_no_other_fields() -> None:
    assert DOCUMENT["components"]["schemas"]["Search"]["additionalProperties"] is False


def test_operation_ids_are_unique() -> None:
    ids = [each["operationId"] for item in DOCUMENT["paths"].values() for each in item.values()]
    assert len(ids) == len(set(ids))


def test_every_route_is_described() -> None:
    handlers = Handlers(WebConfig(), OPERATIONS, make_parts())
    routes = {(each.path, each.method.lower()) for each in (*handlers.health_routes(), *handlers.operator_routes())}
    described = {(path, method) for path, item in DOCUMENT["paths"].items() for method in item}
    assert routes - {("/api/v1/{topic}/{verb}", "post")} <= described


def test_it_is_openapi_3_1() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()
