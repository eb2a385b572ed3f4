"""Messages out: media are uploaded first, then each message is sent in its turn."""

from __future__ import annotations

from kagami.adapters.kook.client import Client
from kagami.adapters.kook.compose import Attached, Saying, compose, media, quoted
from kagami.errors import KagamiError, NotReached, Refused, Unavailable
from kagami.i18n import mark
from kagami.model.action import Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import ChatId, split_id
from kagami.model.segment import Media as MediaPart
from kagami.net.api import Part
from kagami.ports import Media

LONGEST_NAME = 120


def _place(chat: ChatId) -> tuple[str, str]:
    """The interface for a chat, and its target."""
    kind, target = split_id(chat)
    if kind not in ("group", "channel", "private") or not target:
        raise Refused(reason=mark("KOOK's chats are group:<channel> and private:<user>."))
    return "/direct-message" if kind == "private" else "/message", target


async def send(client: Client, files: Media, action: Send) -> Receipt:
    """`Sent` has the id of the first message. When a later one of several fails, some of it was sent: `Unknown`."""
    base, target = _place(action.chat)
    uploaded = {id(part): await _upload(client, files, part) for part in media(action.message)}
    sayings = compose(action.message, uploaded)
    if not sayings:
        return Failed("the message is empty")
    quote, sent = quoted(action.message), ""
    for number, saying in enumerate(sayings):
        try:
            message_id = await _say(client, base, target, saying, quote)
        except KagamiError as error:
            if not number:
                raise
            return Unknown(f"{number} of {len(sayings)} parts were sent, the next was not: {error.text()}")
        sent, quote = sent or message_id, ""
    return Sent(sent)


async def _say(client: Client, base: str, target: str, saying: Saying, quote: str) -> str:
    body = {"type": saying.type, "target_id": target, "content": saying.content}
    told = await client.ask("POST", f"{base}/create", json=body | ({"quote": quote} if quote else {}))
    return str(told.get("msg_id", "")) if isinstance(told, dict) else ""


async def _upload(client: Client, files: Media, part: MediaPart) -> Attached:
    """Whatever goes wrong here, nothing was said yet."""
    source = part.file or part.url
    try:
        reference = source if source.startswith("media:") else await files.fetch(source)
        content = await files.read(reference)
        name = _name(part, reference)
        told = await client.ask("POST", "/asset/create", form=[Part("file", content, name)])
    except NotReached:
        raise
    except Unavailable as error:
        raise NotReached(what="a medium of the message", reason=error.text()) from None
    url = told.get("url") if isinstance(told, dict) else None
    if not isinstance(url, str) or not url:
        raise NotReached(what="a medium of the message", reason="KOOK did not say where it keeps it")
    return Attached(url, name)


def _name(part: MediaPart, reference: str) -> str:
    """What people see of a file: the name that it was given, else the one that it is kept under."""
    given = part.extra.get("name") or part.extra.get("file_name")
    name = given if isinstance(given, str) and given.strip() else reference.removeprefix("media:")
    return name.replace("/", "_")[-LONGEST_NAME:]


async def delete(client: Client, action: Delete) -> Receipt:
    base, _ = _place(action.chat)
    await client.ask("POST", f"{base}/delete", json={"msg_id": action.message_id})
    return Sent(action.message_id)
