"""aiocqhttp on Quart and Hypercorn, as its `run` starts it: `python -m bench.peers.aiocqhttp_echo PORT TOKEN`."""

from __future__ import annotations

import logging
import sys

from aiocqhttp import CQHttp, Event


def main(port: int, token: str) -> None:
    bot = CQHttp(access_token=token)

    async def answer(event: Event) -> None:
        if event.raw_message.startswith("/echo "):
            await bot.send(event, event.raw_message.removeprefix("/echo "))

    bot.on_message(answer)
    logging.getLogger("quart.app").setLevel(logging.WARNING)
    bot.run(host="127.0.0.1", port=port, use_reloader=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
