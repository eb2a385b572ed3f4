"""aiocqhttp as an outside worker: `python aiocqhttp_side.py PORT TOKEN`. It listens: it knows no other way.

Nothing of it is replaced. It obeys and tells as `nonebot_side.py` does.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from aiocqhttp import CQHttp, Event, Message, MessageSegment


def tell(**words: Any) -> None:
    sys.__stdout__.write(json.dumps(words, ensure_ascii=False) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


async def obey(bot: Any, event: Event, order: str, rest: str) -> None:
    match order:
        case "ping":
            tell(sent=await bot.send(event, f"pong {rest}"))
        case "quote":
            await bot.send(event, MessageSegment.reply(event.message_id) + f"quoted {rest}")
        case "draw":
            await bot.send(event, MessageSegment.image(f"base64://{rest}"))
        case "vanish":
            sent = await bot.send(event, f"gone {rest}")
            await bot.delete_msg(self_id=event.self_id, message_id=sent["message_id"])
        case "about":
            here: dict[str, Any] = {"self_id": event.self_id, "group_id": event.group_id}
            login = await bot.get_login_info(self_id=event.self_id)
            where = await bot.get_group_info(**here)
            tell(about=[login, where, await bot.get_group_member_info(**here, user_id=event.user_id)])


def main(port: str, token: str) -> None:
    bot: Any = CQHttp(access_token=token, message_class=Message)

    @bot.on_websocket_connection  # type: ignore[untyped-decorator]
    async def _connected(event: Event) -> None:
        tell(connected=str(event.self_id))

    @bot.on_message  # type: ignore[untyped-decorator]
    async def _heard(event: Event) -> None:
        text = event.message.extract_plain_text()
        images = [part.data.get("file") for part in event.message if part.type == "image"]
        said = {"text": text, "user": event.user_id, "message": event.message_id, "group": event.get("group_id")}
        said |= {"bot": event.self_id, "images": images, "late": (event.get("kagami") or {}).get("late_s")}
        tell(heard=said)
        order, _, rest = text.partition(" ")
        await obey(bot, event, order, rest)

    @bot.on_request("group")  # type: ignore[untyped-decorator]
    async def _asked(event: Event) -> dict[str, Any]:
        tell(asked=[event.flag, event.comment, event.group_id, event.user_id])
        return {"approve": True}

    bot.run(host="127.0.0.1", port=int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
