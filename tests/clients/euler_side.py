"""Euler OneBot with the QQ server cut away: `python euler_side.py PORT ACCOUNT`, in an environment of its own.

Everything between QQ's client and the WebSocket is what was published: https://pypi.org/project/euler-onebot/ 0.0.2 on
lagrange-python 0.1.8. Only the client that would dial QQ is replaced: what a user says comes as a JSON line on standard
input, `{"group", "user", "text"}`, and what the bot sends goes out as a JSON line on standard output, `{"group" or
"friend", "text"}`. Group 0 is a private chat. The working folder must be empty: the package keeps files in it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TextIO

from euleronebot.hyperogger import Logger
from lagrange.client.events.friend import FriendMessage
from lagrange.client.events.group import GroupMessage
from lagrange.client.message.elems import Text
from lagrange.client.models import UserInfo


def configure(port: int, account: int) -> None:
    """The package reads its settings and looks for its log when it is imported."""
    settings = {
        "log_level": "ERROR",
        "log_nf": False,
        "connections": [{"type": "ForwardWebSocket", "url": f"ws://127.0.0.1:{port}"}],
        "login": {"uin": account, "signer_url": "http://127.0.0.1:9", "signer_token": ""},
        "heartbeat": {"enabled": True, "interval": 500},
    }
    Path("appconfig.json").write_text(json.dumps(settings), "utf-8")
    Logger.create("euler", "ERROR", use_nf=False)


class Account:
    """Stands where `lagrange.Client` stands."""

    def __init__(self, account: int, out: TextIO) -> None:
        self.uin = account
        self.uid = f"u_{account}"
        self._out = out
        self._seq = 1_000

    async def get_user_info(self, uid: str) -> Any:
        return UserInfo(name=f"nick of {uid}", age=20)

    async def get_grp_member_info(self, grp_id: int, uid: str) -> Any:
        return SimpleNamespace(body=[SimpleNamespace(is_owner=False, is_admin=True, name=None, level=None)])

    async def send_grp_msg(self, msg_chain: list[Any], grp_id: int) -> int:
        return self._sent({"group": grp_id, "text": "".join(each.display for each in msg_chain)})

    async def send_friend_msg(self, msg_chain: list[Any], uid: str) -> int:
        return self._sent({"friend": uid, "text": "".join(each.display for each in msg_chain)})

    def _sent(self, what: dict[str, object]) -> int:
        self._seq += 1
        self._out.write(json.dumps(what, ensure_ascii=False) + "\n")
        self._out.flush()
        return self._seq


class Server:
    """Stands where `lagrange.Lagrange` stands: hands over what users say, in the library's own events."""

    def __init__(self, account: int, out: TextIO) -> None:
        self.client = Account(account, out)
        self.log = SimpleNamespace(set_level=lambda _level: None)
        self._handlers: dict[type, Any] = {}

    def subscribe(self, event: type, handler: Any) -> None:
        self._handlers[event] = handler

    async def run(self) -> None:
        for number in range(1, sys.maxsize):
            line = await asyncio.to_thread(sys.stdin.readline)
            if not line:
                return
            event = self._event(number, **json.loads(line))
            await self._handlers[type(event)](self.client, event)

    def _event(self, number: int, group: int, user: int, text: str) -> Any:
        now, uid, chain = int(time.time()), f"u_{user}", [Text(text=text)]
        if group:
            return GroupMessage(uid, number, now, 0, group, user, "镜子", f"nick {user}", 0, 0, text, chain)
        return FriendMessage(user, uid, self.client.uin, self.client.uid, number, number, now, text, chain)


async def main(port: int, account: int) -> None:
    out, sys.stdout = sys.stdout, sys.stderr  # the package prints its log
    configure(port, account)
    from euleronebot import protocol  # noqa: PLC0415 (reads its settings when imported)
    from euleronebot.onebot import Adapter  # noqa: PLC0415

    protocol.Lagrange = lambda *_words: Server(account, out)
    await protocol.LagrangeProtocol(Adapter(protocol.appconfig.connections)).run()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
