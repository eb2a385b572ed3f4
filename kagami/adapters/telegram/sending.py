"""What the bot is asked to do, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kagami.adapters.kit import Kit
from kagami.adapters.telegram import calls
from kagami.adapters.telegram.api import BotApi, told
from kagami.adapters.telegram.heard import Heard, shown
from kagami.adapters.telegram.media import Fetcher, load, load_part
from kagami.adapters.telegram.places import read_target
from kagami.adapters.telegram.queues import TOO_MANY, ChatQueues
from kagami.adapters.telegram.wire import Answer
from kagami.adapters.telegram.write import Request, read_chat, write_message
from kagami.errors import KagamiError, NotReached, Refused, Unavailable
from kagami.model.action import Action, Call, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.net.api import Part
from kagami.onebot.wire import checked

UPLOAD_SECONDS = 120.0
_BAD_REQUEST = 400
_anything = msgspec.json.Decoder()
_FORMATS = ("parse_mode", "entities", "caption_entities")


class Sending:
    """Performs actions of one bot. `names` is what users are called, as far as that was seen."""

    def __init__(self, api: BotApi, kit: Kit, fetcher: Fetcher, heard: Heard, names: Mapping[str, str]) -> None:
        self._api = api
        self._kit = kit
        self._fetcher = fetcher
        self._heard = heard
        self._names = names
        self._queues = ChatQueues(kit.clock, kit.randomness)
        self._moved: dict[int, int] = {}  # groups that became supergroups

    async def perform(self, action: Action) -> Receipt:
        if isinstance(action, Send):
            return await self._send(action)
        if isinstance(action, Delete):
            return await self._delete(action)
        return await self._asked(action)

    async def _send(self, action: Send) -> Receipt:
        outgoing = await load(action.message, self._kit.media)
        requests = write_message(action.chat, action.message, outgoing.media, self._names)
        sent: list[str] = []
        for done, request in enumerate(requests):
            uploads = [outgoing.uploads[name] for name in _attached(request.params)]
            try:
                answer = await self._deliver(request, uploads)
            except KagamiError as error:
                if not sent:
                    raise
                return Unknown(f"{done} of {len(requests)} parts were sent, then: {error.text()}")
            if not answer.ok:
                if sent:
                    return Unknown(f"{done} of {len(requests)} parts were sent, then: {told(answer)}")
                return _failed(answer)
            sent += _message_ids(answer, request)
        return Sent(sent[0], {"message_ids": sent} if len(sent) > 1 else None)

    async def _delete(self, action: Delete) -> Receipt:
        target = read_target(action.message_id)
        if target is None:
            return Failed(f"{action.message_id[:80]!r} is no message of Telegram's")
        chat, number = target if target.number else (read_chat(action.chat).chat, target.chat)
        answer = await self._deliver(Request("deleteMessage", {"chat_id": chat, "message_id": number}))
        return Sent() if answer.ok else _failed(answer)

    async def _asked(self, action: Call) -> Receipt:
        if (key := calls.FILES.get(action.name)) is not None:
            return await self._get_file(str(action.params.get(key, "")))
        if action.name == "get_msg":
            return await self._get_message(str(action.params.get("message_id", "")))
        if not calls.is_known(action.name):
            return Failed(f"Telegram has nothing like {action.name[:80]!r}.", "unsupported")
        return await self._call(action)

    async def _call(self, action: Call) -> Receipt:
        plan = calls.plan(action.name, action.params, self._kit.clock.wall_ms() // 1000)
        results: list[Any] = []
        for request in plan.requests:
            uploads = [
                await load_part(value, name, self._kit.media)
                for name, value in request.params.items()
                if isinstance(value, str) and value.startswith("media:")
            ]
            files = {each.name for each in uploads}
            params = {key: value for key, value in request.params.items() if key not in files}
            try:
                answer = await self._deliver(Request(request.method, params), uploads)
            except (NotReached, Refused) as error:
                return _half_done(plan, results, Failed(error.text()))
            if not answer.ok:
                return _half_done(plan, results, _failed(answer))
            results.append(checked(bytes(answer.result), _anything))
        return Sent(result=plan.read(results))

    async def _get_message(self, message_id: str) -> Receipt:
        found = self._heard.find(message_id)
        if found is None:
            return Failed("Telegram gives no message by its id, and this one was not heard lately", "not_found")
        (whole,) = await self._fetcher.filled([found])
        return Sent(result=shown(whole))

    async def _get_file(self, file: str) -> Receipt:
        reference = file if file.startswith("media:") else await self._fetcher.fetch(file)
        return Sent(result={"file": reference, "file_name": reference, "url": ""})

    async def _deliver(self, request: Request, uploads: Sequence[Part] = ()) -> Answer:
        """The answer to a request that may have to wait, to go to another chat, or to be said more plainly."""
        seconds = UPLOAD_SECONDS if uploads else None
        params = dict(request.params)
        chat = params.get("chat_id")
        if isinstance(chat, int) and chat in self._moved:
            params["chat_id"] = self._moved[chat]

        async def ask() -> Answer:
            answer = await self._api.ask(request.method, params, uploads, seconds=seconds)
            changed = False if answer.ok else self._amend(params, answer)
            return await self._api.ask(request.method, params, uploads, seconds=seconds) if changed else answer

        return await self._queues.run(str(chat or ""), ask)

    def _amend(self, params: dict[str, Any], answer: Answer) -> bool:
        """Whether the same request, changed a little, may find favour."""
        chat, new = params.get("chat_id"), answer.parameters.migrate_to_chat_id
        if new and isinstance(chat, int) and new != chat:
            self._moved[chat] = params["chat_id"] = new
            return True
        if answer.error_code != _BAD_REQUEST or "entit" not in answer.description:
            return False
        formats = [key for key in _FORMATS if params.pop(key, None)]
        return bool(formats)


def _half_done(plan: calls.Plan, results: Sequence[Any], failed: Failed) -> Failed | Unknown:
    """A call that takes several requests, of which one has failed."""
    changed = [request.method for request, _ in zip(plan.requests, results, strict=False) if _changes(request)]
    return Unknown(f"{', '.join(changed)} was done, then: {failed.reason}") if changed else failed


def _changes(request: Request) -> bool:
    return not request.method.startswith("get")


def _failed(answer: Answer) -> Failed:
    return Failed(told(answer), "rate_limited" if answer.error_code == TOO_MANY else str(answer.error_code))


def _attached(value: Any) -> Iterator[str]:
    """The fields that a request names."""
    if isinstance(value, str) and value.startswith("attach://"):
        yield value.removeprefix("attach://")
    elif isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _attached(each)


def _message_ids(answer: Answer, request: Request) -> list[str]:
    """The numbers of what was sent: of an album each has one."""
    found = checked(bytes(answer.result), _anything)
    try:
        return [
            f"{each['chat']['id']}/{each['message_id']}" for each in (found if isinstance(found, list) else [found])
        ]
    except (TypeError, KeyError):
        raise Unavailable(what=request.method, reason="its answer does not tell the message") from None
