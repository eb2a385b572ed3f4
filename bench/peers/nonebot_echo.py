"""NoneBot2 with its FastAPI driver and the OneBot 11 adapter: `python -m bench.peers.nonebot_echo PORT TOKEN`."""

from __future__ import annotations

import sys
from typing import Annotated

import nonebot
from nonebot.adapters.onebot.v11 import Adapter, Message
from nonebot.params import CommandArg


def main(port: int, token: str) -> None:
    # Its default level prints every event; warnings only is the faster setting.
    nonebot.init(
        driver="~fastapi",
        host="127.0.0.1",
        port=port,
        log_level="WARNING",
        onebot_access_token=token,
        command_start={"/"},
    )
    nonebot.get_driver().register_adapter(Adapter)
    echo = nonebot.on_command("echo")

    async def answer(message: Annotated[Message, CommandArg()]) -> None:
        await echo.send(message)

    echo.append_handler(answer)
    nonebot.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
