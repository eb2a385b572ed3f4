"""NoneBot2 with its OneBot adapter as an outside worker: `python nonebot_side.py {forward URLS | reverse PORT} TOKEN`.

Nothing of it is replaced; addresses are parted by commas. What it hears goes out as a JSON line on standard output,
and so does what came of its answer. It obeys the first word of a message: `ping …` is answered with `pong …`,
`quote …` with a reply to it, `draw <base64>` with that picture, what it says to `vanish …` it takes back, for `about`
it asks who is here. It lets in whoever asks to join.
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode
from typing import Any

import nonebot
from nonebot.adapters.onebot.v11 import Adapter, Bot, GroupRequestEvent, MessageEvent, MessageSegment
from nonebot.exception import ActionFailed


def tell(**words: Any) -> None:
    sys.__stdout__.write(json.dumps(words, ensure_ascii=False) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


async def obey(bot: Bot, event: MessageEvent, order: str, rest: str) -> None:
    match order:
        case "ping":
            tell(sent=await bot.send(event, f"pong {rest}"))
        case "quote":
            await bot.send(event, MessageSegment.reply(event.message_id) + f"quoted {rest}")
        case "draw":
            await bot.send(event, MessageSegment.image(b64decode(rest)))
        case "vanish":
            sent = await bot.send(event, f"gone {rest}")
            await bot.delete_msg(message_id=sent["message_id"])
        case "about":
            group, user = event.model_dump()["group_id"], event.user_id
            login = await bot.get_login_info()
            where = await bot.get_group_info(group_id=group)
            tell(about=[login, where, await bot.get_group_member_info(group_id=group, user_id=user)])


def main(direction: str, place: str, token: str) -> None:
    settings: dict[str, Any] = {"onebot_access_token": token, "log_level": "WARNING"}
    if direction == "forward":
        settings |= {"driver": "~websockets", "onebot_ws_urls": place.split(",")}
    else:
        settings |= {"driver": "~fastapi", "host": "127.0.0.1", "port": int(place)}
    nonebot.init(**settings)
    driver = nonebot.get_driver()
    driver.register_adapter(Adapter)

    @driver.on_bot_connect
    async def _connected(bot: Bot) -> None:
        tell(connected=bot.self_id)

    message, request = nonebot.on_message(), nonebot.on_request()

    @message.handle()
    async def _heard(bot: Bot, event: MessageEvent) -> None:
        whole = event.model_dump()
        text = event.get_plaintext()
        images = [part.data.get("file") for part in event.message if part.type == "image"]
        said: dict[str, Any] = {"text": text, "user": event.user_id, "message": event.message_id}
        said |= {"group": whole.get("group_id"), "bot": event.self_id, "images": images}
        said |= {"quoted": event.reply.message.extract_plain_text() if event.reply else "", "to_me": event.to_me}
        tell(heard=said | {"late": (whole.get("kagami") or {}).get("late_s")})
        order, _, rest = text.partition(" ")
        try:
            await obey(bot, event, order, rest)
        except ActionFailed as error:
            tell(failed=str(error))

    @request.handle()
    async def _asked(bot: Bot, event: GroupRequestEvent) -> None:
        tell(asked=[event.flag, event.comment, event.group_id, event.user_id])
        await event.approve(bot)

    nonebot.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
