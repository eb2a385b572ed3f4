"""What the host and a child process say to each other: one JSON object a line, UTF-8, at most 1 MiB.

Host to child: `hello`, `event`, `response`, `cancel`, `shutdown`. Child to host: `ready`, requests (`action`,
`storage`, `ask`, `http`, `job`), `log`, and the `result` of each event. A line without `type` is the answer of a
plugin of the predecessor's: `{"id", "ok", "actions": [...], "error"}`. Unknown keys are ignored, wrong types refused.
"""

from __future__ import annotations

from typing import Any

import msgspec

from kagami.errors import WireError
from kagami.model.message import Message
from kagami.ports import Field

PROTOCOL = 1
LONGEST = 1 << 20
HELLO_ID = "0"

Said = str | Message


class _Frame(msgspec.Struct, frozen=True, tag_field="type", tag=str.lower):
    """Base of all messages but the predecessor's."""


class HelloPayload(msgspec.Struct, frozen=True, kw_only=True):
    """`state` is the number of the stored values' form, `entry` the manifest's, `folder` the plugin's own."""

    plugin: str
    version: str
    protocol: int = PROTOCOL
    language: str = "en"
    prefix: str = "/"
    settings: dict[str, Any] = {}
    state: int = 1
    permissions: tuple[str, ...] = ()
    folder: str = ""
    entry: str | tuple[str, ...] = ""


class Hello(_Frame, frozen=True):
    payload: HelloPayload
    id: str = HELLO_ID


class Event(_Frame, frozen=True, omit_defaults=True):
    """A call: the child owes a `Result` with this id. `correlation_id` is the execution's."""

    id: str
    name: str
    payload: dict[str, Any]
    correlation_id: str = ""


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """`code` is the name of a class of `kagami.errors` or the child's own; `trace` is for the log."""

    code: str = ""
    message: str = ""
    trace: str = ""


class Response(_Frame, frozen=True, omit_defaults=True):
    """The answer to a request. `name` and `correlation_id` are for the predecessor's storage answers."""

    id: str
    ok: bool | None = None
    payload: dict[str, Any] | None = None
    error: Fault | None = None
    name: str = ""
    correlation_id: str = ""


class Cancel(_Frame, frozen=True):
    id: str


class Shutdown(_Frame, frozen=True):
    pass


class CommandSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A command; `key` comes back as the event's `handler`, the first of `names` when it is empty."""

    names: tuple[str, ...]
    key: str = ""
    usage: str = ""
    summary: str = ""
    cooldown: str = ""
    max_age: float | None = None
    role: str = "member"
    operator: bool = False


class IntentSpec(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    keywords: tuple[str, ...] = ()
    regex: str = ""
    max_age: float | None = None


class WatcherSpec(msgspec.Struct, frozen=True, kw_only=True):
    event: str
    key: str = ""


class JobSpec(msgspec.Struct, frozen=True, kw_only=True):
    """`timetable` makes it a job with a timetable of its own."""

    name: str
    key: str = ""
    timetable: str | None = None
    missed: str = "once"


class Hooks(msgspec.Struct, frozen=True):
    start: bool = False
    stop: bool = False
    upgrade: bool = False


class ReadyPayload(msgspec.Struct, frozen=True, kw_only=True):
    """What a child declares. `error` says why it cannot serve at all; `max_age` is the plugin's, in seconds."""

    commands: tuple[CommandSpec, ...] = ()
    intents: tuple[IntentSpec, ...] = ()
    watchers: tuple[WatcherSpec, ...] = ()
    jobs: tuple[JobSpec, ...] = ()
    settings: tuple[Field, ...] = ()
    state: int = 1
    max_age: float | None = None
    hooks: Hooks = Hooks()
    error: str = ""


class Ready(_Frame, frozen=True):
    payload: ReadyPayload = ReadyPayload()
    id: str = HELLO_ID


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a child asks for. `event` is the call that it belongs to, empty for hooks and background work."""

    id: str
    event: str = ""
    name: str = ""
    payload: dict[str, Any] = {}


class Action(Request, frozen=True, tag_field="type", tag="action"):
    """`reply {message, quote}`, `send {chat, message}`, `delete {message_id}`, `call {name, params}`,
    `operate {name, request}`, `commands {}`.
    """


class Storage(Request, frozen=True, tag_field="type", tag="storage"):
    """`get {key}`, `put {key, value}`, `delete {key}`, `keys {prefix}`, `items {prefix}`."""


class Ask(Request, frozen=True, tag_field="type", tag="ask"):
    """One prompt (or none) and the conversation's next message: `{prompt, timeout, commands, resumable, wanted}`."""


class Http(Request, frozen=True, tag_field="type", tag="http"):
    """`{method, url, params, headers, body, seconds}`; `{status, headers, body, url}` comes back. Bodies in base64."""


class Job(Request, frozen=True, tag_field="type", tag="job"):
    """`put`, `drop` or `list` of what is scheduled."""


class LogPayload(msgspec.Struct, frozen=True):
    level: str = "info"
    text: str = ""
    fields: dict[str, Any] = {}


class Log(_Frame, frozen=True):
    payload: LogPayload


class ResultPayload(msgspec.Struct, frozen=True):
    """`reply` is said in the chat of the event. `upgraded` is the `[key, value]` that an `on_upgrade` made."""

    reply: Said | None = None
    upgraded: tuple[str, Any] | None = None


class Result(_Frame, frozen=True):
    """The end of a call."""

    id: str
    ok: bool
    payload: ResultPayload = ResultPayload()
    error: Fault | None = None


class Deed(msgspec.Struct, frozen=True):
    """An action of the predecessor's: `target` is a user, `target_id` a group; empty ones mean those of the event."""

    type: str
    target: str | int | None = ""
    target_id: str | int | None = ""
    text: str | None = ""
    correlation_id: str | None = ""
    payload: dict[str, Any] | None = None


class Deeds(msgspec.Struct, frozen=True):
    """The predecessor's answer, which has no `type`."""

    id: str | int | None = ""
    ok: bool = True
    actions: tuple[Deed, ...] | None = ()
    error: Any = None


FromChild = Ready | Action | Storage | Ask | Http | Job | Log | Result | Deeds
ToChild = Hello | Event | Response | Cancel | Shutdown


class _Head(msgspec.Struct, frozen=True):
    type: str = ""


_HEAD = msgspec.json.Decoder(_Head)
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(struct)
    for kind, struct in {
        "": Deeds,
        "ready": Ready,
        "action": Action,
        "storage": Storage,
        "ask": Ask,
        "http": Http,
        "job": Job,
        "log": Log,
        "result": Result,
    }.items()
}


def encode(message: ToChild) -> bytes:
    """One line; `WireError` when it would be longer than 1 MiB or is not text."""
    try:
        line = msgspec.json.encode(message) + b"\n"
    except (UnicodeEncodeError, RecursionError) as error:
        raise WireError(reason=f"it cannot be written as JSON: {error}") from None
    if len(line) > LONGEST:
        raise WireError(reason=f"it has {len(line)} bytes, and {LONGEST} are allowed")
    return line


def decode(line: bytes) -> FromChild:
    """A message of a child; `WireError` for everything else, whatever it is."""
    if len(line) > LONGEST:
        raise WireError(reason=f"a line has more than {LONGEST} bytes")
    try:
        kind = _HEAD.decode(line).type
        decoder = _DECODERS.get(kind)
        if decoder is None:
            raise WireError(reason=f"unknown type {kind[:40]!r}")
        message: FromChild = decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise WireError(reason=f"not a message: {error}") from None
    return message
