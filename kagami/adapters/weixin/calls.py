"""What is asked of a bot beside messages, by the names of OneBot 11."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kagami import __version__
from kagami.adapters.weixin.codec import FILE_MARK
from kagami.adapters.weixin.ilink import ILink
from kagami.adapters.weixin.media import Carrier
from kagami.adapters.weixin.peers import Peers
from kagami.clock import Clock
from kagami.model.action import Call, Failed, Receipt, Sent
from kagami.model.ids import split_id

TICKET_SECONDS = 24 * 3_600.0
_RAW = re.compile(r"POST (/ilink/bot/[a-z/_]{1,64})")


class Calls:
    def __init__(self, ilink: ILink, carrier: Carrier, peers: Peers, clock: Clock) -> None:
        self._ilink = ilink
        self._carrier = carrier
        self._peers = peers
        self._clock = clock
        self._tickets: dict[str, tuple[str, float]] = {}

    async def perform(self, call: Call, name: str) -> Receipt:
        """`name` is what people call the bot."""
        params = call.params
        match call.name:
            case "set_typing" | "set_input_status":
                return await self._type(str(params.get("user_id") or ""), on=_flag(params.get("typing", True)))
            case "get_image" | "get_record" | "get_file":
                return await self._file(str(params.get("file") or params.get("file_id") or ""))
            case _ if (raw := _RAW.fullmatch(call.name)) is not None:
                return await self._raw(raw[1], params)
            case _:
                return self._known(call, name)

    def _known(self, call: Call, name: str) -> Receipt:
        """What is answered from here."""
        answers: dict[str, Any] = {
            "get_login_info": {"user_id": split_id(call.bot)[1], "nickname": name},
            "get_friend_list": [{"user_id": each, "nickname": "", "remark": ""} for each in self._peers.names()],
            "get_group_list": [],
            "get_status": {"online": True, "good": True},
            "get_version_info": {"app_name": "kagami", "app_version": __version__, "protocol_version": "v11"},
            "can_send_image": {"yes": True},
            "can_send_record": {"yes": False},
        }
        if call.name not in answers:
            return Failed(f"WeChat's interface for bots has no {call.name[:64]}", "unsupported")
        return Sent(result=answers[call.name])

    async def _type(self, user: str, *, on: bool) -> Receipt:
        if not user:
            return Failed("user_id is missing", "bad_request")
        now = self._clock.monotonic()
        ticket, until = self._tickets.get(user, ("", 0.0))
        if not ticket or now >= until:
            told = await self._ilink.ticket(user, self._peers[user].token)
            ticket = told.typing_ticket or ""
            if told.code or not ticket:
                return Failed(f"WeChat gives no ticket for typing ({told.code})", str(told.code))
            self._tickets[user] = (ticket, now + TICKET_SECONDS)
        answer = await self._ilink.typing(user, ticket, on=on)
        if answer.code:
            del self._tickets[user]  # the next call asks for another
            return Failed(f"WeChat refuses it: {answer.errmsg or answer.code}", str(answer.code))
        return Sent()

    async def _file(self, name: str) -> Receipt:
        if name.startswith("media:"):
            return Sent(result={"file": name})
        if not name.startswith(FILE_MARK):
            return Failed("file is no file of a message", "bad_request")
        return Sent(result={"file": await self._carrier.bring(name)})

    async def _raw(self, path: str, params: Mapping[str, Any]) -> Receipt:
        told, answer = await self._ilink.raw(path, params)
        if told.code:
            return Failed(f"WeChat refuses it: {told.errmsg or told.code}", str(told.code))
        return Sent(result=answer)


def _flag(value: Any) -> bool:
    return str(value).lower() not in ("false", "0", "no", "")
