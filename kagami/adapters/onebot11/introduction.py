"""Which account is behind a fresh connection that did not say so in its handshake."""

from __future__ import annotations

import asyncio

from kagami.adapters.onebot11.codec import read_introduction
from kagami.errors import CredentialsRefused
from kagami.model.action import Call
from kagami.model.ids import BotId
from kagami.onebot.write import write_action
from kagami.ports import Socket

INTRODUCTION_SECONDS = 3.0
MAX_HELD_FRAMES = 1000
MAX_HELD_BYTES = 32 * 1024 * 1024


async def introduce(socket: Socket, address: str) -> tuple[str, list[bytes]]:
    """The account, with the frames that came meanwhile. Who says nothing for 3 s is asked.

    `CredentialsRefused` when the peer turns us away in a frame, `EOFError` when it does not tell.
    """
    held: list[bytes] = []
    asked, size = False, 0
    while len(held) < MAX_HELD_FRAMES and size < MAX_HELD_BYTES:
        try:
            async with asyncio.timeout(INTRODUCTION_SECONDS):
                raw = await socket.receive()
        except TimeoutError:
            if asked:
                break
            asked = True
            await socket.send(write_action(Call(BotId(""), "get_login_info"), "introduction"))
            continue
        account, refusal = read_introduction(raw)
        if refusal:
            raise CredentialsRefused(peer=address, reason=refusal)
        held.append(raw)
        size += len(raw)
        if account:
            return account, held
    raise EOFError("the implementation does not say which account it has")
