"""The least that can be done: an echo on Kagami's WebSocket library and JSON codec, and nothing else.

`python -m bench.floors PORT TOKEN [uvloop]`; the last word adds Kagami's event loop.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from typing import Any

import msgspec
from websockets.asyncio.server import ServerConnection, serve


class Frame(msgspec.Struct):
    post_type: str = ""
    raw_message: str = ""
    group_id: int = 0


async def speak(socket: ServerConnection) -> None:
    decode, encode, echoes = msgspec.json.Decoder(Frame).decode, msgspec.json.encode, count(1)
    async for raw in socket:
        frame = decode(raw)
        if frame.post_type == "message" and frame.raw_message.startswith("/echo "):
            text: list[dict[str, Any]] = [{"type": "text", "data": {"text": frame.raw_message[6:]}}]
            params = {"group_id": frame.group_id, "message": text}
            await socket.send(
                encode({"action": "send_group_msg", "params": params, "echo": str(next(echoes))}), text=True
            )


async def main(port: int) -> None:
    async with serve(speak, "127.0.0.1", port, compression=None, ping_interval=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[3:] == ["uvloop"]:
        import uvloop

        uvloop.run(main(int(sys.argv[1])))
    asyncio.run(main(int(sys.argv[1])))
