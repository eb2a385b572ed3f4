"""Examples of requests, made from the interface's own description and put to a real engine on a real port.

    python -m tests.web.examples --examples 10000

No answer may be a server's error, none may differ from the description, and what the description refuses must be
refused. A failure prints the request that shows it, and the seed that finds it again.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy, sampled_from
from schemathesis import Case, CheckContext, CheckFunction, GenerationMode, Response
from schemathesis.checks import not_a_server_error as no_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    missing_required_header,
    negative_data_rejection,
    response_headers_conformance,
    status_code_conformance,
)

from kagami import log
from kagami.config import load
from kagami.engine import Engine, open_engine
from kagami.home import Home
from kagami.operations import registry
from kagami.operations.messages import Say
from kagami.operations.people import MakeToken
from kagami.web.openapi import describe

# Not called, and why.
LEFT_OUT = {
    "system.stop": "the engine would be gone",
    "plugins.reload": "loads every plugin anew: seconds each time",
    "plugins.install": "would fetch from addresses and folders that nobody chose",
    "plugins.sync": "would ask the market",
    "backup.now": "copies everything that is kept, each time",
}
DOCUMENT = describe(registry())


@cache
def _validator(path: str, method: str, status: int) -> jsonschema_rs.Validator:
    answers = DOCUMENT["paths"][path][method]["responses"]
    answer = answers[str(status)]
    if name := answer.get("$ref", "").rpartition("/")[2]:
        answer = DOCUMENT["components"]["responses"][name]
    (kind,) = answer["content"].values()
    return jsonschema_rs.Draft202012Validator(kind["schema"] | {"components": DOCUMENT["components"]})


def exact(_: CheckContext, response: Response, case: Case[Any]) -> None:
    """The answer is what the description says of its status. (Schemathesis' own check cannot read `prefixItems`.)"""
    validator = _validator(case.operation.path, case.operation.method, response.status_code)
    kind = response.headers["content-type"][0]
    if error := next(validator.iter_errors(response.json() if "json" in kind else response.text), None):
        raise AssertionError(f"{case.operation.label} {response.status_code}: {error}")


def refused(given: CheckContext, response: Response, case: Case[Any]) -> None:
    """What breaks the description is refused. (The library's own list of refusals lacks that of a body too large.)"""
    if response.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        negative_data_rejection(given, response, case)


Operations = list[APIOperation[Any, Any, Any, Any]]
CHECKS: list[CheckFunction] = [
    no_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    exact,
    refused,
    missing_required_header,
    allow_header_conformance,
]


@dataclass(frozen=True)
class Place:
    """A running engine: where it is, and a token with every right."""

    url: str
    token: str


@contextmanager
def engine_at(home: Path) -> Iterator[Place]:
    """An engine in a thread of its own, with something in its store."""
    ready, places, loops = threading.Event(), list[Place](), list[asyncio.AbstractEventLoop]()
    ended = asyncio.Event()

    async def serve() -> None:
        free = {"KAGAMI_GATEWAY__PORT": "0", "KAGAMI_WEB__PORT": "0"}
        async with open_engine(load(Home(home), environ=free), log.Ring()) as engine:
            loops.append(asyncio.get_running_loop())
            places.append(await _furnish(engine))
            ready.set()
            await ended.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="engine of examples")
    thread.start()
    ready.wait()
    if not places:
        raise RuntimeError("the engine did not start")
    try:
        yield places[0]
    finally:
        loops[0].call_soon_threadsafe(ended.set)
        thread.join()


async def _furnish(engine: Engine) -> Place:
    for text in ("/echo one", "你好", "/help"):
        await engine.call(Say(text=text))
    made = await engine.call(MakeToken(name="examples", scopes=["*"]))
    return Place(f"http://127.0.0.1:{engine.web_port}", made.token)


def operations() -> Operations:
    """What is called: everything described that is not left out."""
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    return [each for each in found if each.definition.raw.get("operationId") not in LEFT_OUT]


class Outcome(NamedTuple):
    """How many examples were put, and what failed by operation: each the first of its kind."""

    done: int
    failed: dict[str, str]


def put(place: Place, found: Operations, examples: int, number: int) -> Outcome:
    """Put so many examples, half of them wrong on purpose."""
    done, failed = 0, dict[str, str]()
    with requests.Session() as session:

        @seed(number)
        @settings(
            max_examples=examples,
            phases=[Phase.generate],
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=sampled_from(found).flatmap(_cases))
        def call(case: Case[Any]) -> None:
            nonlocal done
            done += 1
            headers = {"Authorization": f"Bearer {place.token}", "X-Confirm": "yes"}
            try:
                case.call_and_validate(place.url, session=session, headers=headers, checks=CHECKS)
            except (FailureGroup, AssertionError) as error:
                failed.setdefault(f"{case.operation.label}: {type(error).__name__}", str(error))

        call()
    return Outcome(done, failed)


def _cases(operation: Any) -> SearchStrategy[Case[Any]]:
    def in_mode(mode: GenerationMode) -> SearchStrategy[Case[Any]]:
        found: SearchStrategy[Case[Any]] = operation.as_strategy(mode)
        return found

    return sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]).flatmap(in_mode)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, engine_at(Path(folder) / "home") as place:
        found = operations()
        outcome = put(place, found, asked.examples, asked.seed)
    seconds = time.monotonic() - began
    for name, text in outcome.failed.items():
        sys.stdout.write(f"--- {name}\n{text}\n")
    told = f"{outcome.done} examples of {len(found)} operations in {seconds:.0f} s, {len(outcome.failed)} failures"
    sys.stdout.write(f"{told}\n")
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(main())
