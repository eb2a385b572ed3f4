"""Calls of one application: may it, by which account, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from kagami.core.admission import USUAL_CALLS, Admission
from kagami.core.numbers import given_in, is_of
from kagami.core.privacy.desk import place_of
from kagami.errors import KagamiError, UsageError, WireError
from kagami.gateway.frames import Frames
from kagami.gateway.means import Means
from kagami.model.action import Action, Call, Failed, Receipt, Send, Sent
from kagami.model.ids import BotId, ChatId, chat_id, split_id
from kagami.onebot.actions import ACTIONS
from kagami.onebot.embedded import local_file, without_files
from kagami.onebot.quick import expand
from kagami.onebot.relay import names_in, numbered
from kagami.onebot.serve import ServedCall, read_call, to_action, write_receipt, write_refusal, write_response
from kagami.onebot.wire import Retcode
from kagami.ports import ONLINE, BotRow, Named

# OneBot 11's own interval for `_rate_limited`.
LIMITED_S = 0.5
# Calls that were answered at once and are still to be done.
MOST_LATER = 256
MOST_LATER_BYTES = 32 << 20
# A call that names more is none of a person's.
MOST_NUMBERS = 2_000
# What Kagami answers by itself, whichever bot is meant.
_OWN: dict[str, dict[str, Any]] = {
    "get_version_info": {"app_name": "Kagami", "protocol_version": "v11"},
    "can_send_image": {"yes": True},
    "can_send_record": {"yes": True},
}
# Parameters for people.
_WORDS = frozenset({"text", "message", "content", "caption", "comment", "reason", "remark", "card", "group_name"})
# They name a person, and lead to no chat.
_OF_A_PERSON = frozenset({"get_stranger_info", "send_like"})
_FIRST = frozenset({"get_login_info", "get_status"})
_FETCHES = frozenset({"get_file", "get_image", "get_record"})
# These read no file of a machine, whatever they are asked for.
_WITHOUT_PATHS = frozenset({"dingtalk", "feishu", "kook", "telegram", "weixin"})
Spoke = Callable[[BotId, ChatId], None]


class Clerk:
    """Serves one worker. `spoke` hears of each message that it sends."""

    def __init__(self, worker: str, admission: Admission, means: Means, spoke: Spoke) -> None:
        self.admission = admission
        self._worker = worker
        self._means = means
        self._spoke = spoke
        self._frames = Frames(means)
        self._limited = asyncio.Lock()
        self._waiting = self._waiting_bytes = 0

    async def answer(self, frame: bytes, only: str = "") -> bytes:
        """The response to a frame of the application; `only` is the bot of its connection, if that has one."""
        try:
            call = read_call(frame)
        except WireError as error:
            return write_refusal(msgspec.Raw(), error)
        if not self.admission.allows(call.action):
            return self._forbidden(call, call.action)
        call = msgspec.structs.replace(call, self_id=only or call.self_id or _account_in(call))
        if call.pace:
            if self._waiting >= MOST_LATER or self._waiting_bytes + len(frame) > MOST_LATER_BYTES:
                return write_response(call.echo, retcode=Retcode.FAILED, reason=f"{self._waiting} calls wait already")
            self._waiting += 1
            self._waiting_bytes += len(frame)
            self._means.nursery.start(f"later call of {self._worker}", self._later(call, frame))
            return write_response(call.echo, retcode=Retcode.ASYNC)
        return await self._tried(call, frame)

    def _forbidden(self, call: ServedCall, action: str) -> bytes:
        reason = f"{action} is not among the actions of the worker {self._worker} (workers.actions)"
        return write_response(call.echo, retcode=Retcode.NOT_FOUND, reason=reason)

    async def _later(self, call: ServedCall, frame: bytes) -> None:
        try:
            if call.pace != "rate_limited":
                await self._tried(call, frame)
                return
            async with self._limited:
                await self._tried(call, frame)
                await self._means.clock.sleep(LIMITED_S)
        finally:
            self._waiting -= 1
            self._waiting_bytes -= len(frame)

    async def _tried(self, call: ServedCall, frame: bytes) -> bytes:
        try:
            return await self._do(call, await self._means.numbers.find(_numbers_in(frame)))
        except (UsageError, WireError) as error:
            return write_refusal(call.echo, error)
        except KagamiError as error:
            return write_response(call.echo, retcode=Retcode.FAILED, reason=error.text())

    async def _do(self, call: ServedCall, named: Mapping[int, Named]) -> bytes:
        """All that a call stands for, until something of it fails."""
        response = write_response(call.echo)
        quick = call.action.startswith(".")
        steps = expand(call)
        if forbidden := [each.action for each in steps if not self.admission.allows(each.action)]:
            return self._forbidden(call, forbidden[0])
        for each in steps:
            one = msgspec.structs.replace(each, self_id=call.self_id)
            action, receipt = await self._perform(one, named)
            response = await self._response(call, action, receipt)
            if not isinstance(receipt, Sent):
                return response
        return write_response(call.echo) if quick else response

    async def _perform(self, call: ServedCall, named: Mapping[int, Named]) -> tuple[Action, Receipt]:
        means = self._means
        names = _Names(named)
        if call.action in _OWN:
            return Call(BotId(""), call.action), Sent("", _OWN[call.action] | self._version(call.action))
        bot = self._bot(call, names)
        if call.action == "get_status":
            online = means.reachable(bot)
            return Call(bot, call.action), Sent("", {"online": online, "good": online})
        params = self._given(call, bot, names)
        call = msgspec.structs.replace(call, params=params)
        action = to_action(call, bot, name=names, chat_of=lambda message: self._chat_of(bot, message, names))
        if (refusal := self._out_of_reach(action, names)) is not None:
            return action, refusal
        place = place_of(bot, means.places.private_chat(bot, _chat_in(action)))
        if isinstance(action, Send):
            chat = means.places.private_chat(bot, action.chat)
            action = Send(bot, chat, self._restored(action.message, place))
            self._spoke(bot, chat)
        elif isinstance(action, Call):
            action = self._said(action, place)
        belongs = means.places.answers(bot, _chat_in(action), means.clock.wall_ms()) or (means.new_execution(), 0)
        receipt = await means.outbox.send(*belongs, action, {}, worker=self._worker)
        if isinstance(receipt, Failed) and call.action == "get_login_info":
            receipt = Sent("", {"user_id": split_id(bot)[1], "nickname": self._called(bot)})
        return action, receipt

    def _chat_meant(self, action: Action, names: _Names) -> ChatId:
        """Where it would be said, done or looked at, by the name that events have; empty when that is not known."""
        if not isinstance(action, Call):
            return self._means.places.private_chat(action.bot, action.chat)
        if action.name in _OF_A_PERSON:
            return ChatId("")
        params = dict(action.params)
        if params.get("message_type") == "private":
            params.pop("group_id", None)
        if found := _chats_of(params, str):
            return self._means.places.private_chat(action.bot, found[0])
        message = str(params.get("message_id") or params.get("flag") or "")
        return self._chat_of(action.bot, message, names) if message else ChatId("")

    def _out_of_reach(self, action: Action, names: _Names) -> Failed | None:
        chat = self._chat_meant(action, names)
        if not chat or self.admission.reaches(chat):
            return None
        reason = f"{chat} is not among the chats of the worker {self._worker} (workers.chats)"
        return Failed(reason, str(int(Retcode.FORBIDDEN)))

    async def _response(self, call: ServedCall, action: Action, receipt: Receipt) -> bytes:
        if not isinstance(receipt, Sent):
            return write_receipt(call.echo, action, receipt, number=int)
        chat = _chat_in(action)
        wanted = dict.fromkeys(names_in(receipt.result), "")
        if isinstance(action, Send):
            self._means.places.said(action.bot, receipt.message_id, chat)
            wanted[receipt.message_id] = str(chat)
        wanted.pop("", None)
        given = await self._means.numbers.give(wanted)
        result = numbered(receipt.result, lambda text: given.get(text, 0))
        if self._means.privacy.guards("children"):
            message = str(action.params.get("message_id", "")) if isinstance(action, Call) else ""
            told = chat or self._means.places.chat_of(action.bot, message)
            result = self._means.privacy.masked(result, place_of(action.bot, told))
        shown = Sent(receipt.message_id, msgspec.Raw(await self._frames.filled(msgspec.json.encode(result))))
        return write_receipt(call.echo, action, shown, number=lambda text: given.get(text, 0))

    def _given(self, call: ServedCall, bot: BotId, names: _Names) -> Any:
        """The parameters with ids for numbers, and with references for files."""
        params = names.anywhere(call.params)  # a number may stand for a path, too
        if not self._names_its_own(call, bot) and (found := local_file(params)):
            raise UsageError(reason=f"{found[:100]!r} is a file of another machine: give an address, or base64://")
        return without_files(params, self._means.media.accept)

    def _names_its_own(self, call: ServedCall, bot: BotId) -> bool:
        """Whether a call asks for a file by the platform's own name for it, which may look like a path and is none."""
        return call.action in _FETCHES and any(
            row.id == bot and row.adapter in _WITHOUT_PATHS for row in self._means.bots.rows()
        )

    def _said(self, action: Call, place: str) -> Call:
        if not _goes_to_its_chat(action):
            return action
        return Call(action.bot, action.name, self._restored(action.params, place))

    def _restored(self, value: Any, place: str) -> Any:
        guard = self._means.privacy
        return guard.restored(value, place) if guard.guards("children") else value

    def _bot(self, call: ServedCall, names: _Names) -> BotId:
        """By which account: the named one, else the one that knows the chat or the message, else the only one."""
        rows = [row for row in self._means.bots.rows() if self.admission.serves(row.id)]
        bots = [row.id for row in rows]
        if call.self_id:
            return _named(names(call.self_id), bots)
        places = self._means.places
        met = [places.bot_of(chat) for chat in _chats_of(call.params, names)]
        met += [places.witness_of(names(str(call.params.get(key) or ""))) for key in ("message_id", "flag")]
        if found := [bot for bot in met if bot in bots]:
            return found[0]
        return self._likely(call, rows)

    @staticmethod
    def _likely(call: ServedCall, rows: Sequence[BotRow]) -> BotId:
        likely = [row.id for row in rows if row.health.state in ONLINE] or [row.id for row in rows]
        # Who asks who it is on a connection for many is the first of them: clients want some answer before all else.
        if not likely or (len(likely) > 1 and call.action not in _FIRST):
            raise UsageError(reason=f"give self_id: there are {len(likely)} bots, and which is meant cannot be told")
        return likely[0]

    def _version(self, action: str) -> dict[str, str]:
        return {"app_version": self._means.version} if action == "get_version_info" else {}

    def _called(self, bot: BotId) -> str:
        return next((row.name for row in self._means.bots.rows() if row.id == bot), bot)

    def _chat_of(self, bot: BotId, message: str, names: _Names) -> ChatId:
        return self._means.places.chat_of(bot, message) or names.chat_of(message)


class _Names:
    """What the numbers of one call stand for."""

    def __init__(self, named: Mapping[int, Named]) -> None:
        self._named = {str(number): found for number, found in named.items()}

    def __call__(self, text: str) -> str:
        found = self._named.get(text)
        return found.text if found else text

    def chat_of(self, message: str) -> ChatId:
        """The chat that was kept with a message."""
        return ChatId(next((found.chat for found in self._named.values() if found.text == message), ""))

    def anywhere(self, value: Any) -> Any:
        """Plain JSON with texts for all numbers that stand for one: in calls that no standard describes too.

        What people read stays as it is.
        """
        if not self._named:
            return value
        if isinstance(value, dict):
            return {
                key: each if key in _WORDS and isinstance(each, str) else self.anywhere(each)
                for key, each in value.items()
            }
        if isinstance(value, list):
            return [self.anywhere(each) for each in value]
        found = self._named.get(str(value)) if type(value) in (int, str) else None
        return found.text if found else value


def _numbers_in(frame: bytes) -> set[int]:
    numbers = given_in(frame)
    if len(numbers) > MOST_NUMBERS:
        raise UsageError(reason=f"it names more than {MOST_NUMBERS} ids")
    return numbers


def _named(account: str, bots: Sequence[BotId]) -> BotId:
    found = next((bot for bot in bots if is_of(bot, account)), None)
    if found is None:
        raise UsageError(reason=f"there is no bot with the self_id {account}")
    return found


def _chat_in(action: Action) -> ChatId:
    if not isinstance(action, Call):
        return action.chat
    return next(iter(_chats_of(action.params, str)), ChatId(""))


def _goes_to_its_chat(action: Call) -> bool:
    """Whether what a call says is for the very chat that its parameters name, so that this one's words may be in it.

    A platform's own calls name chats in their own way, and of two that are named only the call knows which is meant.
    """
    if action.name not in USUAL_CALLS and action.name not in ACTIONS:
        return False
    both = action.params.get("group_id") and action.params.get("user_id")
    return not both or action.name.startswith(("send_group_", "upload_group_", "set_group_"))


def _chats_of(params: Mapping[str, Any], names: Callable[[str], str]) -> list[ChatId]:
    group, user = (names(str(params.get(key) or "")) for key in ("group_id", "user_id"))
    if group:
        named = split_id(group)[0]
        return [ChatId(group) if named else chat_id("group", group)]
    return [chat_id("private", user)] if user else []


def _account_in(call: ServedCall) -> str:
    """The account to whose event a quick operation answers."""
    context = call.params.get("context")
    account = context.get("self_id") if isinstance(context, dict) else None
    return str(account) if account else ""
