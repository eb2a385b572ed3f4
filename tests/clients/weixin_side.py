"""Two clients of iLink, in an environment of their own: `python weixin_side.py ilink|wechatbot URL`.

As they were published: https://pypi.org/project/weixin-ilink/ 0.3.5 and https://pypi.org/project/wechatbot-sdk/ 0.3.0.
Each logs in by QR, echoes what it hears and sends pictures back. The second has its two addresses as constants, which
are replaced here. What happens goes out as JSON lines; a line that comes in is the answer to a question for digits.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Any, TextIO


def say(out: TextIO, **what: Any) -> None:
    out.write(json.dumps(what) + "\n")
    out.flush()


def run_ilink(url: str, out: TextIO) -> None:
    from weixin_ilink import WeixinBot, login_with_qr  # noqa: PLC0415

    found = login_with_qr(lambda qr: say(out, qr=qr), lambda status: say(out, status=status), base_url=url)
    say(out, account=found.account_id)
    told = {"botToken": found.bot_token, "accountId": found.account_id, "baseUrl": found.base_url}
    bot = WeixinBot(credentials=told, cdn_base_url=f"{url}/c2c")
    for message in bot.messages():
        if message.is_text:
            say(out, text=message.text)
            message.reply_typing()
            message.reply_text(f"echo: {message.text}")
        elif message.is_image:
            content = message.download()
            say(out, image=base64.b64encode(content).decode())
            Path("picture.png").write_bytes(content)
            message.reply_image("picture.png")


async def run_wechatbot(url: str, out: TextIO) -> None:
    from wechatbot import WeChatBot, auth, client  # noqa: PLC0415

    auth.FIXED_QR_BASE_URL = url
    client.CDN_BASE_URL = f"{url}/c2c"

    def digits(again: bool) -> str:
        say(out, asked=again)
        return str(json.loads(sys.stdin.readline()))

    bot = WeChatBot(
        base_url=url,
        cred_path="credentials.json",
        on_qr_url=lambda qr: say(out, qr=qr),
        on_scanned=lambda: say(out, status="scanned"),
        on_verify_code=digits,
    )
    found = await bot.login()
    say(out, account=found.account_id)

    async def heard(message: Any) -> None:
        if message.images:
            medium = await bot.download(message)
            say(out, image=base64.b64encode(medium.data).decode())
            await bot.reply_media(message, {"image": medium.data})
        else:
            say(out, text=message.text)
            await bot.send_typing(message.user_id)
            await bot.reply(message, f"echo: {message.text}")

    bot.on_message(heard)
    await bot.start()


if __name__ == "__main__":
    out, sys.stdout = sys.stdout, sys.stderr  # the packages print their log
    if sys.argv[1] == "ilink":
        run_ilink(sys.argv[2], out)
    else:
        asyncio.run(run_wechatbot(sys.argv[2], out))
