"""The border: what a child asks for is checked against its permissions and done in the name of its event."""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from kagami import operations
from kagami.errors import UsageError
from kagami.model.action import Receipt
from kagami.model.event import Event
from kagami.model.ids import ChatId, UserId
from kagami.model.segment import Image
from kagami.onebot.embedded import local_file
from kagami.plugins.asking import ANSWER_SECONDS, Inquiry
from kagami.plugins.context import Context, Lifetime
from kagami.plugins.kit import Kit
from kagami.plugins.process import rights, wire
from kagami.plugins.process.rights import Mark, Rights
from kagami.plugins.values import PluginStore
from kagami.plugins.veil import Veil

_ABSENT = object()
# Each may bring as much as `plugins.http.largest_mb`, whatever becomes of it afterwards.
MOST_FETCHES = 4
_KINDS: dict[str, Any] = {
    "text": str,
    "int": int,
    "float": float,
    "bool": bool,
    "timedelta": timedelta,
    "user": UserId,
    "chat": ChatId,
    "image": Image,
}
_Place = Context[Any] | Lifetime[Any]
_Payload = TypeVar("_Payload")
_Said = TypeVar("_Said")
# A year for a question, and what a calendar and the platform's clock can hold for the rest.
_Patience = Annotated[float, msgspec.Meta(ge=0, le=31_536_000)]
_Delay = Annotated[float, msgspec.Meta(ge=0, le=3_153_600_000)]
_Moment = Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800_000)]


class _Words(msgspec.Struct, frozen=True):
    """The payloads of all actions; each uses some."""

    message: wire.Said = ""
    quote: bool = False
    chat: str = ""
    message_id: str = ""
    name: str = ""
    params: dict[str, Any] = {}
    request: dict[str, Any] = {}


class _Value(msgspec.Struct, frozen=True):
    key: str = ""
    prefix: str = ""
    value: Any = None


class _Wanted(msgspec.Struct, frozen=True):
    kind: str = ""
    options: tuple[str, ...] = ()


class _Question(msgspec.Struct, frozen=True):
    prompt: wire.Said | None = None
    timeout: _Patience = ANSWER_SECONDS
    commands: bool = False
    resumable: bool = False
    wanted: _Wanted | None = None


class _Fetch(msgspec.Struct, frozen=True):
    url: str
    method: str = "GET"
    params: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: str | None = None
    seconds: _Patience | None = None


class _Plan(msgspec.Struct, frozen=True):
    key: str = ""
    job: str = ""
    at: _Moment | None = None
    after: _Delay | None = None
    timetable: str = ""
    data: Any = None
    missed: Literal["skip", "once", "all"] = "once"
    prefix: str = ""


class Border:
    """Serves the requests of one child."""

    def __init__(self, permissions: Rights) -> None:
        self._rights = permissions
        self._fetches = asyncio.Semaphore(MOST_FETCHES)

    async def serve(self, ctx: Context[Any], request: wire.Request, veil: Veil) -> dict[str, Any]:
        """Do it for the event of `ctx`; the payload of the response. `KagamiError` when it cannot be done."""
        mark = ctx.execution.mark
        match request:
            case wire.Action():
                return await self._act(ctx, request.name, read(request, _Words), veil)
            case wire.Ask():
                answer = await ctx.put(_inquiry(veil.restored(read(request, _Question))))
                return {"event": msgspec.to_builtins(_masked(answer, veil))}
            case wire.Storage():
                return await self._keep(ctx.store, request, mark)
            case wire.Http():
                return await self._fetch(ctx, request, mark)
            case _:
                return await self._plan(ctx, request, mark)

    async def serve_alone(self, kit: Kit, request: wire.Request) -> dict[str, Any]:
        """Do it for hooks and background work, which have no event."""
        life: Lifetime[Any] = Lifetime(kit)
        match request:
            case wire.Storage():
                return await self._keep(life.store, request)
            case wire.Http():
                return await self._fetch(life, request)
            case wire.Job():
                return await self._plan(life, request)
            case _:
                raise UsageError(reason="This needs an event, and that is over.")

    async def _act(self, ctx: Context[Any], name: str, words: _Words, veil: Veil) -> dict[str, Any]:
        need = self._rights.need
        receipt: Receipt
        match name:
            case "reply":
                receipt = await ctx.reply(foreign(veil.restored(words.message)), quote=words.quote)
            case "send":
                if words.chat != ctx.chat:
                    need(rights.ANY_CHAT, ctx.execution.mark)
                receipt = await ctx.send(ChatId(words.chat), foreign(_said_in(words, ctx, veil)))
            case "delete":
                need(rights.DELETE, ctx.execution.mark)
                receipt = await ctx.delete(words.message_id)
            case "call":
                need(f"call:{words.name}", ctx.execution.mark)
                receipt = await ctx.call(words.name, **foreign(words.params))
            case "operate":
                need(rights.OPERATE, ctx.execution.mark)
                return {"answer": veil.masked(await _operate(ctx, veil.restored(words)))}
            case "commands":
                return {"commands": [msgspec.to_builtins(each._asdict()) for each in ctx.commands]}
            case _:
                raise UsageError(reason=f"There is no action {name[:40]!r}.")
        return {"receipt": msgspec.to_builtins(receipt)}

    async def _keep(self, store: PluginStore, request: wire.Request, mark: Mark | None = None) -> dict[str, Any]:
        self._rights.need(rights.STORE, mark)
        words = read(request, _Value)
        match request.name:
            case "get":
                found = await store.get(words.key, _ABSENT)
                return {"found": False, "value": None} if found is _ABSENT else {"found": True, "value": found}
            case "put":
                await store.put(words.key, words.value)
            case "delete":
                await store.delete(words.key)
            case "keys":
                return {"keys": await store.keys(words.prefix)}
            case "items":
                return {"items": await store.list(words.prefix)}
            case _:
                raise UsageError(reason=f"There is no request {request.name[:40]!r} of the store.")
        return {}

    async def _fetch(self, place: _Place, request: wire.Request, mark: Mark | None = None) -> dict[str, Any]:
        words = read(request, _Fetch)
        self._rights.need(rights.http_word(words.url), mark)
        try:
            body = None if words.body is None else b64decode(words.body, validate=True)
        except ValueError as error:
            raise UsageError(reason=f"The body is not base64: {error}") from None
        async with self._fetches:
            answer = await place.http.request(
                words.method, words.url, params=words.params, headers=words.headers, body=body, seconds=words.seconds
            )
        content = b64encode(answer.body).decode()
        return {"status": answer.status, "headers": dict(answer.headers), "body": content, "url": answer.url}

    async def _plan(self, place: _Place, request: wire.Request, mark: Mark | None = None) -> dict[str, Any]:
        self._rights.need(rights.JOBS, mark)
        words = read(request, _Plan)
        jobs = place.jobs
        match request.name:
            case "put" if (words.at is not None) + (words.after is not None) + bool(words.timetable) != 1:
                raise UsageError(reason="A job needs one of at, after and timetable.")
            case "put":
                at = None if words.at is None else datetime.fromtimestamp(words.at / 1000, UTC)
                due = await jobs.put(
                    words.key,
                    words.job,
                    at=at,
                    after=words.after,
                    timetable=words.timetable,
                    data=words.data,
                    missed=words.missed,
                )
                return {"due_ms": _ms(due)}
            case "drop":
                return {"dropped": await jobs.drop(words.key)}
            case "list":
                rows = await jobs.list(words.prefix)
                return {"jobs": [msgspec.to_builtins(row._asdict() | {"due_ms": _ms(row.due)}) for row in rows]}
            case _:
                raise UsageError(reason=f"There is no request {request.name[:40]!r} of jobs.")


def read(request: wire.Request, kind: type[_Payload]) -> _Payload:
    """The payload of a request; `UsageError` when it is of another form."""
    try:
        return msgspec.convert(request.payload, kind)
    except msgspec.ValidationError as error:
        raise UsageError(reason=f"The payload of {request.name[:40] or 'a request'} does not fit: {error}") from None


def foreign(said: _Said) -> _Said:
    """What is to be sent, if it holds no file of the machine that sends it: a child has no files but its own."""
    try:
        named = local_file(msgspec.to_builtins(said))
    except RecursionError:
        named = "…"
    if named:
        raise UsageError(reason=f"{named[:100]!r} is a file of another machine: give an address, or base64://.")
    return said


def _said_in(words: _Words, ctx: Context[Any], veil: Veil) -> wire.Said:
    """What is sent: another chat never reads what is this one's."""
    return veil.restored(words.message) if words.chat == ctx.chat else words.message


def _masked(answer: Event, veil: Veil) -> Event:
    """The event that answers a question, as the child may see it."""
    return veil.outside(answer)[0]


def _inquiry(question: _Question) -> Inquiry:
    return Inquiry(
        foreign(question.prompt),
        question.timeout,
        None if question.wanted is None else _type_of(question.wanted),
        commands=question.commands,
        resumable=question.resumable,
    )


def _type_of(wanted: _Wanted) -> Any:
    if wanted.options:
        return Literal[wanted.options]
    try:
        return _KINDS[wanted.kind]
    except KeyError:
        raise UsageError(reason=f"There is no kind of answer {wanted.kind[:40]!r}.") from None


async def _operate(ctx: Context[Any], words: _Words) -> Any:
    found = operations.registry().find(words.name)
    try:
        request = msgspec.convert(words.request, found.request)
    except msgspec.ValidationError as error:
        raise UsageError(reason=f"The request of {found.name} does not fit: {error}") from None
    return msgspec.to_builtins(await ctx.operate(request))


def _ms(due: datetime) -> int:
    return int(due.timestamp() * 1000)
