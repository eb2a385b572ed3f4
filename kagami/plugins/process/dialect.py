"""Plugins of the predecessor's: no hello, no ready, actions instead of requests.

Events and intents are those of the manifest. The child answers an event with `{"id", "ok", "actions": [...]}`; what
`storage.get` and `storage.exists` found is sent to it, and then it may answer once more.
"""

from __future__ import annotations

from typing import Any

import msgspec

from kagami.errors import KagamiError, LoadError, UsageError
from kagami.model.event import Event
from kagami.model.ids import ChatId, split_id
from kagami.plugins.context import Context
from kagami.plugins.manifest import Manifest, Words
from kagami.plugins.process import rights, wire
from kagami.plugins.process.border import foreign
from kagami.plugins.process.rights import Rights
from kagami.plugins.veil import Veil

KINDS = ("message", "notice", "request")
_READS = frozenset({"storage.get", "storage.exists"})
_STORAGE = frozenset({"storage.get", "storage.exists", "storage.set", "storage.delete"})
_OF_PLUGINS = frozenset({"call_skill", "skill_response"})
_LONGEST_NUMBER = 18


def declared_by(manifest: Manifest) -> wire.ReadyPayload:
    """What a program that does not say so itself serves, in the words of one that does."""
    kinds = [_kind(name) for name in manifest.events] or [*KINDS]
    if "*" in kinds:
        kinds = [*KINDS]
    watchers = tuple(wire.WatcherSpec(event=kind, key=kind) for kind in dict.fromkeys(kinds))
    return wire.ReadyPayload(watchers=watchers, intents=tuple(_intent(each, manifest) for each in manifest.intents))


def _kind(name: str) -> str:
    return name.removeprefix("on_")


def _intent(given: str | Words, manifest: Manifest) -> wire.IntentSpec:
    words = Words(name=given, keywords=(given,)) if isinstance(given, str) else given
    if not words.keywords and not words.regex:
        reason = f"the intent {words.name!r} needs keywords or a regex"
        raise LoadError(plugin=manifest.id, version=manifest.version, reason=reason)
    key = words.name or next(iter(words.keywords), "intent")
    return wire.IntentSpec(key=key, keywords=words.keywords, regex=words.regex)


def payload_of(event: Event) -> dict[str, Any]:
    """The keys of an event that every plugin gets, the predecessor's among them."""
    platform, account = split_id(event.bot)
    kind, chat = split_id(event.chat)
    return {
        "from": event.user,
        "user_id": event.user,
        "group_id": "" if kind == "private" else chat,
        "text": event.text,
        "platform": platform,
        "self_id": account,
        "raw": event.native,
    }


class Deeds:
    """Does what a child of the predecessor's answers to one event."""

    def __init__(self, ctx: Context[Any], permissions: Rights, veil: Veil) -> None:
        self._ctx = ctx
        self._veil = veil
        self._rights = permissions

    async def perform(self, answer: wire.Deeds, call: str) -> list[wire.Response]:
        """Do all of it. What the child has to hear; it answers once more when one of it was a read."""
        responses = []
        for deed in answer.actions or ():
            try:
                response = await self._one(deed, call)
            except KagamiError as error:
                response = _response(call, deed, {"error": str(error)})
            if response is not None:
                responses.append(response)
        return responses

    async def _one(self, deed: wire.Deed, call: str) -> wire.Response | None:
        if deed.type in rights.SENDING:
            await self._say(deed)
        elif deed.type in _STORAGE:
            found = await self._keep(deed.type, deed.payload or {})
            return _response(call, deed, {"result": found, "value": found})
        elif deed.type in _OF_PLUGINS:
            return _response(call, deed, {"error": "Plugins do not call each other here."})
        else:
            self._need(f"call:{deed.type}")
            await self._ctx.call(deed.type, **foreign(_params(deed)))
        return None

    async def _say(self, deed: wire.Deed) -> None:
        payload = deed.payload or {}
        text = deed.text or payload.get("message") or payload.get("text") or ""
        chat = self._chat(deed)
        if chat != self._ctx.chat:
            self._need(rights.ANY_CHAT)
        await self._ctx.send(chat, self._veil.restore(str(text)) if chat == self._ctx.chat else str(text))

    def _chat(self, deed: wire.Deed) -> ChatId:
        """Where a message goes: a group, or else a user, or else where the event came from."""
        here = self._ctx.chat
        group, user = str(deed.target_id or ""), str(deed.target or "")
        if group:
            return here if split_id(here)[1] == group else ChatId(f"group:{group}")
        if user and deed.type != "reply":
            return ChatId(f"private:{user}")
        return here

    async def _keep(self, kind: str, payload: dict[str, Any]) -> Any:
        self._need(rights.STORE)
        key, store = payload.get("key"), self._ctx.store
        if not isinstance(key, str):
            raise UsageError(reason="storage needs a key")
        match kind:
            case "storage.get":
                return await store.get(key)
            case "storage.exists":
                return await store.get(key) is not None
            case "storage.set":
                await store.put(key, payload.get("value"))
            case _:
                await store.delete(key)
        return True

    def _need(self, word: str) -> None:
        self._rights.need(word, self._ctx.execution.mark)


def expects_more(answer: wire.Deeds) -> bool:
    return any(deed.type in _READS for deed in answer.actions or ())


def _response(call: str, deed: wire.Deed, payload: dict[str, Any]) -> wire.Response:
    name = f"{deed.type[:100]}_response"
    return wire.Response(call, payload=payload, name=name, correlation_id=deed.correlation_id or "")


def _params(deed: wire.Deed) -> dict[str, Any]:
    params = dict(deed.payload or {})
    if deed.text:
        params["message"] = deed.text
    for key, name in (("user_id", deed.target), ("group_id", deed.target_id)):
        if name:
            params[key] = _number(name)
    return params


def _number(name: str | int) -> str | int:
    """Platforms that count their users want numbers."""
    text = str(name)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else text


def raw_of(event: Event) -> Any:
    """The platform's own frame, as the predecessor hands it over: an object when it is one."""
    try:
        return msgspec.json.decode(event.native) if event.native else {}
    except (msgspec.DecodeError, RecursionError, ValueError):
        return event.native
