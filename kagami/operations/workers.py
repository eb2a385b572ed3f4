"""Workers: who else handles events, how many chats each gets, and the tables of applications outside."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kagami.core.routing import PLUGINS
from kagami.errors import NotFound, UsageError
from kagami.i18n import mark
from kagami.operations.keyed import Keyed
from kagami.operations.registry import Request, operation
from kagami.ports import Applied, BotKind, Connection, Parts, WorkerRow, WorkerWish
from kagami.ports.routing import WISH, WORKERS


class ListWorkers(Request, frozen=True):
    pass


class Drain(Request, frozen=True):
    worker: str


class Resume(Request, frozen=True):
    worker: str


class WeighWorker(Request, frozen=True):
    """Its share beside others that are as quick: 1 is usual, 0 gives it no new chats."""

    worker: str
    weight: Annotated[float, msgspec.Meta(ge=0, le=1_000)]


class WorkerForm(Request, frozen=True):
    pass


class AddWorker(Keyed, frozen=True, kw_only=True):
    """Without an address the application connects to Kagami; its token is made where none is given."""

    name: str


class EditWorker(Keyed, frozen=True, kw_only=True):
    """Only what changes; null gives a key back to its default. `keys={"enabled": false}` pauses it."""

    worker: str


class RemoveWorker(Request, frozen=True):
    worker: str


class WorkerConnection(Request, frozen=True):
    worker: str


@operation("workers.list", "workers:read")
async def list_workers(parts: Parts, request: ListWorkers) -> list[WorkerRow]:  # noqa: ARG001
    """Workers and pools, with their chats and response times."""
    active = sum(row.state == "active" for row in parts.plugins.rows())
    return [WorkerRow(PLUGINS, "live" if active else "away"), *parts.routing.workers()]


@operation("workers.drain", "workers:write", asks=True, staged=True)
async def drain(parts: Parts, request: Drain) -> None:
    """Give a worker no more events: what it has is finished, its chats go to others."""
    await _wish(parts, request.worker, drained=True)


@operation("workers.resume", "workers:write", staged=True)
async def resume(parts: Parts, request: Resume) -> None:
    """Give a drained worker events again."""
    await _wish(parts, request.worker, drained=False)


@operation("workers.weigh", "workers:write", staged=True)
async def weigh(parts: Parts, request: WeighWorker) -> None:
    """Give a worker a larger or smaller share of its pool's chats."""
    await _wish(parts, request.worker, weight=request.weight)


@operation("workers.form", "workers:read")
async def form(parts: Parts, request: WorkerForm) -> BotKind:  # noqa: ARG001
    """Which settings an application has."""
    return parts.applications.kind()


@operation("workers.add", "workers:write")
async def add(parts: Parts, request: AddWorker) -> Applied:
    """Let an application in, or connect to it."""
    return await parts.applications.add(parts.who, {"name": request.name, **request.given()})


@operation("workers.edit", "workers:write")
async def edit(parts: Parts, request: EditWorker) -> Applied:
    """Change settings of an application; no other one is touched."""
    if not request.given():
        raise UsageError(reason=mark("Say what shall be changed."))
    return await parts.applications.edit(parts.who, request.worker, request.given())


@operation("workers.remove", "workers:write", asks=True)
async def remove(parts: Parts, request: RemoveWorker) -> Applied:
    """Disconnect an application and remove it from the configuration."""
    return await parts.applications.remove(parts.who, request.worker)


@operation("workers.connection", "workers:secret")
async def connection(parts: Parts, request: WorkerConnection) -> Connection:
    """The address and the token to paste into an application."""
    if parts.who.kind == "chat":
        raise UsageError(reason=mark("Passwords and tokens are not for chats. Use the terminal or the command line."))
    return parts.applications.connection(request.worker)


async def _wish(parts: Parts, worker: str, **changes: object) -> None:
    if worker == PLUGINS:
        raise UsageError(reason=mark("The plugin host is part of Kagami: rules decide what it gets."))
    key = f"{WISH}{worker}"
    text = await parts.facts.get(WORKERS, key)
    if text is None and all(row.name != worker for row in parts.routing.workers()):
        raise NotFound(what="worker", name=worker)
    before = msgspec.json.decode(text, type=WorkerWish) if text else WorkerWish()
    after = msgspec.structs.replace(before, **changes)
    parts.facts.put(WORKERS, key, None if after == WorkerWish() else msgspec.json.encode(after).decode())
    parts.facts.then(parts.routing.read)


OPERATIONS = (list_workers, drain, resume, weigh, form, add, edit, remove, connection)
