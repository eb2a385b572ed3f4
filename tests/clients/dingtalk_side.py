"""DingTalk's official SDK at work: says what it is told on a stream, and answers as its examples do.

Words: client id and secret. `DINGTALK_OPENAPI_ENDPOINT` is the SDK's own way to another host; the host of its upload is
written down in it and replaced here.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import dingtalk_stream
import requests
from dingtalk_stream import AckMessage, ChatbotMessage
from dingtalk_stream.utils import DINGTALK_OPENAPI_ENDPOINT

OLDER = "https://oapi.dingtalk.com"


def tell(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Robot(dingtalk_stream.ChatbotHandler):  # type: ignore[misc]
    async def process(self, message: Any) -> tuple[int, str]:
        said = ChatbotMessage.from_dict(message.data)
        codes = said.get_image_list() or []
        texts = said.get_text_list() or []
        tell(
            kind="message",
            type=said.message_type,
            text=" ".join(texts).strip(),
            conversation=said.conversation_id,
            group=said.conversation_type == "2",
            user=said.sender_staff_id,
            nick=said.sender_nick,
            message=said.message_id,
            robot=said.robot_code,
        )
        if codes:
            content = await asyncio.to_thread(self._fetch, codes[0])
            media = await asyncio.to_thread(self.dingtalk_client.upload_to_dingtalk, content)
            tell(kind="picture", size=len(content), media=media)
        else:
            text = await asyncio.to_thread(self.reply_text, f"text: {texts[0].strip()}", said)
            markdown = await asyncio.to_thread(self.reply_markdown, "title", "**bold**", said)
            tell(kind="answered", text=text, markdown=markdown)
        return AckMessage.STATUS_OK, "OK"

    def _fetch(self, code: str) -> bytes:
        return bytes(requests.get(self.get_image_download_url(code), timeout=10).content)


class Events(dingtalk_stream.EventHandler):  # type: ignore[misc]
    async def process(self, event: Any) -> tuple[int, str]:
        tell(kind="event", type=event.headers.event_type, data=event.data)
        return AckMessage.STATUS_OK, "OK"


def here(url: str, **words: Any) -> Any:
    return post(url.replace(OLDER, DINGTALK_OPENAPI_ENDPOINT), **words)


post = requests.post
requests.post = here  # type: ignore[assignment]


async def main(client_id: str, secret: str) -> None:
    client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential(client_id, secret))
    client.register_all_event_handler(Events())
    client.register_callback_handler(ChatbotMessage.TOPIC, Robot())
    await client.start()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
