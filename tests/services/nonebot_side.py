"""NoneBot2 with its OneBot adapter as an outside worker: `python nonebot_side.py {forward URL | reverse PORT} TOKEN`.

Nothing of it is replaced. It answers `ping …` with `pong …`; every message that it hears goes out as a JSON line on
standard output, and so does what came of its answer.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import nonebot
from nonebot.adapters.onebot.v11 import Adapter, Bot, MessageEvent
from nonebot.exception import ActionFailed


def tell(**words: Any) -> None:
    sys.__stdout__.write(json.dumps(words, ensure_ascii=False) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


def main(direction: str, place: str, token: str) -> None:
    settings: dict[str, Any] = {"onebot_access_token": token, "log_level": "WARNING"}
    if direction == "forward":
        settings |= {"driver": "~websockets", "onebot_ws_urls": [place]}
    else:
        settings |= {"driver": "~fastapi", "host": "127.0.0.1", "port": int(place)}
    nonebot.init(**settings)
    driver = nonebot.get_driver()
    driver.register_adapter(Adapter)

    @driver.on_bot_connect
    async def _connected(bot: Bot) -> None:
        tell(connected=bot.self_id)

    matcher = nonebot.on_message()

    @matcher.handle()
    async def _heard(bot: Bot, event: MessageEvent) -> None:
        extra = event.model_dump().get("kagami") or {}
        text = event.get_plaintext()
        said: dict[str, Any] = {"text": text, "user": event.user_id, "message": event.message_id}
        tell(heard=said | {"late": extra.get("late_s"), "bot": event.self_id})
        if text.startswith("ping"):
            try:
                tell(sent=await bot.send(event, text.replace("ping", "pong"), at_sender=False))
            except ActionFailed as error:
                tell(failed=str(error))

    nonebot.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
