"""aiocqhttp as an outside worker: `python aiocqhttp_side.py PORT TOKEN`. It listens: it knows no other way.

Nothing of it is replaced. It answers `ping …` with `pong …`, and tells as `nonebot_side.py` does.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from aiocqhttp import CQHttp, Event, Message


def tell(**words: Any) -> None:
    sys.__stdout__.write(json.dumps(words, ensure_ascii=False) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


def main(port: str, token: str) -> None:
    bot: Any = CQHttp(access_token=token, message_class=Message)

    @bot.on_websocket_connection  # type: ignore[untyped-decorator]
    async def _connected(event: Event) -> None:
        tell(connected=str(event.self_id))

    @bot.on_message  # type: ignore[untyped-decorator]
    async def _heard(event: Event) -> None:
        text = str(event.message)
        late = (event.get("kagami") or {}).get("late_s")
        said = {"text": text, "user": event.user_id, "message": event.message_id, "late": late, "bot": event.self_id}
        tell(heard=said)
        if text.startswith("ping"):
            tell(sent=await bot.send(event, text.replace("ping", "pong")))

    bot.run(host="127.0.0.1", port=int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
