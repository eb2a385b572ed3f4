"""Feishu's official SDK, lark-oapi 1.7.5, in an environment of its own.

`python feishu_side.py frames`: `{"make": n}` answers with frames of the official codec, `[hex, fields]` each;
`{"read": [hex, …]}` with what it reads in others, and writes of them.

`python feishu_side.py client URL APP_ID SECRET`: the SDK's long connection, every event a line; and its calls, one for
each line of standard input. Nothing of the package is changed: it takes the address as its domain.
"""

from __future__ import annotations

import io
import json
import random
import sys
import threading
from typing import Any

import lark_oapi as lark
from lark_oapi.api.im import v1
from lark_oapi.core.log import logger
from lark_oapi.event.callback.model.p2_card_action_trigger import P2CardActionTrigger, P2CardActionTriggerResponse
from lark_oapi.ws.pb.pbbp2_pb2 import Frame

OPTIONAL = ("payload_encoding", "payload_type", "LogIDNew")


def say(what: Any) -> None:
    sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")
    sys.stdout.flush()


# --- the codec ---


def word(dice: random.Random) -> str:
    letters = "abc é 飞书😀\n\0"
    return "".join(dice.choice(letters) for _ in range(dice.choice((0, 1, 5, 200))))


def make(dice: random.Random) -> Any:
    frame = Frame()
    frame.SeqID, frame.LogID = dice.getrandbits(dice.choice((1, 7, 8, 63, 64))), dice.getrandbits(64)
    frame.service, frame.method = dice.randint(-(2**31), 2**31 - 1), dice.choice((0, 1, -1, 2**31 - 1))
    for _ in range(dice.randint(0, 6)):
        header = frame.headers.add()
        header.key, header.value = word(dice), word(dice)
    for name in OPTIONAL:
        if dice.random() < 0.5:
            setattr(frame, name, word(dice))
    if dice.random() < 0.7:
        frame.payload = dice.randbytes(dice.choice((0, 1, 127, 128, 2_000)))
    return frame


def fields(frame: Any) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(frame, name) for name in ("SeqID", "LogID", "service", "method")}
    told["headers"] = [[header.key, header.value] for header in frame.headers]
    told |= {name: getattr(frame, name) if frame.HasField(name) else None for name in OPTIONAL}
    return told | {"payload": frame.payload.hex() if frame.HasField("payload") else None}


def reread(written: str) -> list[Any]:
    frame = Frame()
    frame.ParseFromString(bytes.fromhex(written))
    return [frame.SerializeToString().hex(), fields(frame)]


def frames() -> None:
    dice = random.Random(6)  # noqa: S311
    for line in sys.stdin:
        asked = json.loads(line)
        if "make" in asked:
            made = [make(dice) for _ in range(asked["make"])]
            say([[frame.SerializeToString().hex(), fields(frame)] for frame in made])
        else:
            say([reread(each) for each in asked["read"]])


# --- the client ---


def heard(event: Any) -> None:
    message, sender = event.event.message, event.event.sender
    say(
        {
            "kind": "message",
            "id": message.message_id,
            "chat": message.chat_id,
            "type": message.message_type,
            "content": json.loads(message.content),
            "user": sender.sender_id.open_id,
            "mentions": [[each.key, each.id.open_id] for each in message.mentions or ()],
        }
    )


def pressed(event: P2CardActionTrigger) -> P2CardActionTriggerResponse:
    say({"kind": "button", "value": event.event.action.value, "user": event.event.operator.open_id})
    return P2CardActionTriggerResponse({"toast": {"type": "info", "content": "ok"}})


def happened(event: Any) -> None:
    say({"kind": event.header.event_type, "event": json.loads(lark.JSON.marshal(event.event))})


class Caller:
    """The SDK's calls, each as people write them with it."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def send(self, receiver: str, kind: str, msg_type: str, content: dict[str, Any], uuid: str) -> Any:
        body = v1.CreateMessageRequestBody.builder().receive_id(receiver).msg_type(msg_type)
        body = body.content(json.dumps(content)).uuid(uuid).build()
        request = v1.CreateMessageRequest.builder().receive_id_type(kind).request_body(body).build()
        return self._client.im.v1.message.create(request)

    def reply(self, message: str, text: str) -> Any:
        body = v1.ReplyMessageRequestBody.builder().msg_type("text").content(json.dumps({"text": text})).build()
        return self._client.im.v1.message.reply(
            v1.ReplyMessageRequest.builder().message_id(message).request_body(body).build()
        )

    def delete(self, message: str) -> Any:
        return self._client.im.v1.message.delete(v1.DeleteMessageRequest.builder().message_id(message).build())

    def get(self, message: str) -> Any:
        return self._client.im.v1.message.get(v1.GetMessageRequest.builder().message_id(message).build())

    def image(self, content: str) -> Any:
        file = io.BytesIO(bytes.fromhex(content))
        file.name = "image"
        body = v1.CreateImageRequestBody.builder().image_type("message").image(file).build()
        return self._client.im.v1.image.create(v1.CreateImageRequest.builder().request_body(body).build())

    def file(self, content: str, name: str) -> Any:
        file = io.BytesIO(bytes.fromhex(content))
        body = v1.CreateFileRequestBody.builder().file_type("stream").file_name(name).file(file).build()
        return self._client.im.v1.file.create(v1.CreateFileRequest.builder().request_body(body).build())

    def resource(self, message: str, key: str, kind: str) -> Any:
        request = v1.GetMessageResourceRequest.builder().message_id(message).file_key(key).type(kind).build()
        return self._client.im.v1.message_resource.get(request)

    def chats(self) -> Any:
        return self._client.im.v1.chat.list(v1.ListChatRequest.builder().build())

    def members(self, chat: str) -> Any:
        return self._client.im.v1.chat_members.get(v1.GetChatMembersRequest.builder().chat_id(chat).build())


def answered(response: Any) -> None:
    file, told = getattr(response, "file", None), getattr(response, "data", None)
    result = {"size": len(file.read())} if file else json.loads(lark.JSON.marshal(told) if told else "{}")
    say({"kind": "answer", "code": response.code, "result": result})


def follow(caller: Caller) -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        answered(getattr(caller, asked.pop("do"))(**asked))


def client(url: str, app_id: str, secret: str) -> None:
    for handler in logger.handlers:
        handler.setStream(sys.stderr)
    caller = Caller(lark.Client.builder().app_id(app_id).app_secret(secret).domain(url).build())
    threading.Thread(target=follow, args=(caller,), daemon=True).start()
    dispatcher = lark.EventDispatcherHandler.builder("", "")
    dispatcher = dispatcher.register_p2_im_message_receive_v1(heard).register_p2_card_action_trigger(pressed)
    dispatcher = dispatcher.register_p2_im_chat_member_user_added_v1(happened)
    dispatcher = dispatcher.register_p2_im_message_recalled_v1(happened)
    dispatcher = dispatcher.register_p2_im_message_reaction_created_v1(happened)
    lark.ws.Client(app_id, secret, event_handler=dispatcher.build(), domain=url).start()


if __name__ == "__main__":
    frames() if sys.argv[1] == "frames" else client(*sys.argv[2:])
