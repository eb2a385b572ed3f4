"""What iLink's messages are to us, and ours to iLink. Pure: bytes and values in, values out.

A raw call is spelled `POST /ilink/bot/<name>`; its parameters are the body, to which `base_info` is added.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from kagami import __version__
from kagami.adapters.weixin.wire import Incoming, Item, Medium, Quote, VoiceItem, decode
from kagami.errors import Refused, WireError
from kagami.model.event import Event
from kagami.model.ids import BotId, ExecutionId, UserId, chat_id
from kagami.model.message import Message, preview
from kagami.model.segment import AnySegment, File, Image, Media, Native, Reply, Text, Video, Voice
from kagami.onebot.wire import checked

CLIENT = "2.4.9"  # the official client whose protocol this is
LONGEST_TEXT = 4_000  # characters of one message
FROM_BOT = 2
FINISHED = 2
KEY_BYTES = 16
FILE_MARK = "ilink:"

MediaKind = Literal["image", "video", "file"]
UPLOAD_TYPES: dict[MediaKind, int] = {"image": 1, "video": 2, "file": 3}

_SENDABLE = ("media:", "http://", "https://", "base64://", "data:", FILE_MARK)
_SECRET = frozenset({"context_token", "aes_key", "aeskey"})
_BREAKS = ("\n\n", "\n", " ")
_messages = msgspec.json.Decoder(Incoming, strict=False)
_anything = msgspec.json.Decoder()
_NAME_JUNK = re.compile(r"[\x00-\x1f/\\]")


# --- requests ---


def client_version(version: str) -> int:
    """`2.4.9` as the number that the header `iLink-App-ClientVersion` has."""
    major, minor, patch = map(int, version.split("."))
    return major << 16 | minor << 8 | patch


APP_HEADERS = {"iLink-App-Id": "bot", "iLink-App-ClientVersion": str(client_version(CLIENT))}
BASE_INFO = {"channel_version": CLIENT, "bot_agent": f"Kagami/{__version__}"}


def post_headers(token: str, number: int) -> dict[str, str]:
    """Headers of a POST; `number` is a fresh random one of 32 bits."""
    headers = {
        "Content-Type": "application/json",
        "AuthorizationType": "ilink_bot_token",
        "X-WECHAT-UIN": base64.b64encode(str(number).encode()).decode(),
    }
    return headers | {"Authorization": f"Bearer {token}"} if token else headers


# --- media ---


class Place(NamedTuple):
    """Where a medium lies: an address, or what the CDN is asked with. `key` is hex, empty for what is not encrypted."""

    url: str
    param: str
    key: str


def key_field(key: bytes) -> str:
    """The field `aes_key` as the official client writes it: base64 of the hex text."""
    return base64.b64encode(key.hex().encode()).decode()


def read_key(text: str) -> str:
    """A key in any of its spellings (hex, base64 of 16 bytes, base64 of hex) as hex; empty for none."""
    if not text:
        return ""
    try:
        if len(text) == 2 * KEY_BYTES:
            return bytes.fromhex(text).hex()
        raw = base64.b64decode(text, validate=True)
        key = raw if len(raw) == KEY_BYTES else bytes.fromhex(raw.decode("ascii"))
    except ValueError:
        raise WireError(reason="a medium has a key that is none") from None
    if len(key) != KEY_BYTES:
        raise WireError(reason="a medium has a key that is none")
    return key.hex()


def place_of(medium: Medium | None, key: str | None = "") -> Place | None:
    if medium is None or not (medium.full_url or medium.encrypt_query_param):
        return None
    return Place(medium.full_url or "", medium.encrypt_query_param or "", read_key(key or medium.aes_key or ""))


def write_place(place: Place) -> str:
    """A name for a medium that was not fetched yet. It holds the key: none leaves the adapter, see `files`."""
    return FILE_MARK + base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def read_place(name: str) -> Place:
    """`Refused` for what is no such name."""
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(name.removeprefix(FILE_MARK)), type=Place)
        return place._replace(key=read_key(place.key))
    except (msgspec.DecodeError, ValueError, WireError):
        raise Refused(reason="that is no file of WeChat") from None


# --- events ---


class Read(NamedTuple):
    """An event, and the token with which its sender is answered."""

    event: Event
    token: str


def read_message(raw: bytes, *, bot: BotId, execution: ExecutionId, now_ms: int) -> Read | None:
    """An element of `msgs`; None for what the bot said itself."""
    told = checked(raw, _messages)
    if told.message_type == FROM_BOT:
        return None
    if not told.from_user_id:
        raise WireError(reason="a message has no sender")
    chat = chat_id("group", told.group_id) if told.group_id else chat_id("private", told.from_user_id)
    event = Event(
        execution=execution,
        bot=bot,
        kind="message",
        name="group" if told.group_id else "private",
        chat=chat,
        user=UserId(told.from_user_id),
        time_ms=told.create_time_ms or now_ms,
        dedupe=_dedupe(told, raw),
        message=tuple(_parts(told.item_list or [])),
        message_id=str(told.message_id or ""),
        mentioned=not told.group_id,
        native=without_secrets(raw).decode(),
    )
    return Read(event, told.context_token or "")


def _dedupe(told: Incoming, raw: bytes) -> str:
    named = {"m": told.message_id, "s": told.seq, "c": told.client_id}
    for letter, value in named.items():
        if value:
            return f"{letter}:{value}"
    return f"h:{hashlib.sha256(raw).hexdigest()[:32]}"


def _parts(items: Iterable[msgspec.Raw]) -> Iterator[AnySegment]:
    for raw in items:
        item = decode(raw, Item)
        if item.ref_msg is not None:
            yield from _read_quote(item.ref_msg)
        known = _read_known(item)
        yield from known if known is not None else [Native(f"item_{item.type}", _cleaned(msgspec.json.decode(raw)))]


def _read_quote(quote: Quote) -> Iterator[AnySegment]:
    number = quote.svr_id or (quote.message_item.msg_id if quote.message_item else "")
    extra = {"title": quote.title} if quote.title else {}
    yield Reply(str(number), extra) if number else Native("quote", extra)


def _read_known(item: Item) -> Sequence[AnySegment] | None:
    """The parts of an item of a known type; None for any other, and for a medium that lies nowhere."""
    if item.text_item is not None:
        return [Text(item.text_item.text)] if item.text_item.text else []
    return _read_voice(item.voice_item) if item.voice_item is not None else _read_file(item)


def _read_file(item: Item) -> list[AnySegment] | None:
    if (image := item.image_item) is not None and (place := place_of(image.media, image.aeskey)):
        return [Image(write_place(place))]
    if (file := item.file_item) is not None and (place := place_of(file.media)):
        return [File(write_place(place), extra=_given(name=file.file_name, size=str(file.len or "")))]
    if (video := item.video_item) is not None and (place := place_of(video.media)):
        return [Video(write_place(place), extra=_given(play_length=video.play_length))]
    return None


def _read_voice(voice: VoiceItem) -> list[AnySegment] | None:
    """With what the server heard in it, which is what commands are read from."""
    place = place_of(voice.media)
    sound = [Voice(write_place(place), extra=_given(playtime=voice.playtime))] if place else []
    words = [Text(voice.text)] if voice.text else []
    return [*sound, *words] or None


def _given(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value}


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _cleaned(each) for key, each in value.items() if key not in _SECRET}
    return [_cleaned(each) for each in value] if isinstance(value, list) else value


def without_secrets(raw: bytes) -> bytes:
    """A message without tokens and keys; nothing of one that cannot be read."""
    try:
        return msgspec.json.encode(_cleaned(checked(raw, _anything)))
    except WireError:
        return b""


def waiting(message: Message) -> list[str]:
    """The files of a message that were not fetched yet."""
    return [part.file for part in message if isinstance(part, Media) and part.file.startswith(FILE_MARK)]


def with_files(event: Event, kept: Mapping[str, str]) -> Event:
    """The same event, with references in place of the files that are kept now."""
    message = tuple(
        msgspec.structs.replace(part, file=kept.get(part.file, part.file)) if isinstance(part, Media) else part
        for part in event.message
    )
    return msgspec.structs.replace(event, message=message)


# --- messages ---


class Words(NamedTuple):
    text: str


class Attachment(NamedTuple):
    kind: MediaKind
    source: str
    name: str


Piece = Words | Attachment


def write_pieces(message: Message) -> list[Piece]:
    """What has to be sent one after the other. There are no quotes in a chat of two: they are left out.

    Voices of bots do not arrive, so they go as files; what WeChat has no word for is written as text.
    """
    pieces: list[Piece] = []
    words = ""
    for part in message:
        if isinstance(part, Reply):
            continue
        if isinstance(part, Media):
            pieces += _words(words)
            words = ""
            pieces.append(_attachment(part))
        else:
            words += preview((part,))
    return pieces + _words(words)


def _words(text: str) -> list[Piece]:
    return [Words(each) for each in chunks(text)] if text.strip() else []


def chunks(text: str) -> Iterator[str]:
    """A text in parts that one message may have, cut at a paragraph, a line or a word where that is not too early."""
    while len(text) > LONGEST_TEXT:
        ends = [text.rfind(each, 0, LONGEST_TEXT) + len(each) for each in _BREAKS if each in text[:LONGEST_TEXT]]
        end = next((each for each in ends if each > LONGEST_TEXT // 3), LONGEST_TEXT)
        yield text[:end]
        text = text[end:]
    if text:
        yield text


def _attachment(part: Media) -> Attachment:
    kinds: dict[type[Media], MediaKind] = {Image: "image", Video: "video"}
    source = part.file if part.file.startswith(_SENDABLE) or not part.url else part.url
    told = str(part.extra.get("name") or part.extra.get("file_name") or "")
    last = "" if source.startswith(("base64:", "data:", FILE_MARK)) else source.partition("?")[0].rpartition("/")[2]
    name = _NAME_JUNK.sub("_", told or last.removeprefix("media:") or "file")[-100:]
    return Attachment(kinds.get(type(part), "file"), source, name)


def text_item(text: str) -> dict[str, Any]:
    return {"type": 1, "text_item": {"text": text}}


def media_item(kind: MediaKind, param: str, key: bytes, *, size: int, sealed: int, name: str) -> dict[str, Any]:
    """An uploaded medium; `size` in bytes, `sealed` encrypted, `param` what the upload returned."""
    media = {"encrypt_query_param": param, "aes_key": key_field(key), "encrypt_type": 1}
    if kind == "image":
        return {"type": 2, "image_item": {"media": media, "mid_size": sealed}}
    if kind == "video":
        return {"type": 5, "video_item": {"media": media, "video_size": sealed}}
    return {"type": 4, "file_item": {"media": media, "file_name": name, "len": str(size)}}


def message_body(peer: str, item: Mapping[str, Any], *, client_id: str, token: str) -> dict[str, Any]:
    """`client_id` is the same for each try of one message: the platform knows it again."""
    message = {
        "from_user_id": "",
        "to_user_id": peer,
        "client_id": client_id,
        "message_type": FROM_BOT,
        "message_state": FINISHED,
        "item_list": [item],
    }
    return {"msg": message | ({"context_token": token} if token else {})}


def sealed_size(size: int) -> int:
    """Bytes after PKCS7 and AES: always at least one byte of padding."""
    return (size // KEY_BYTES + 1) * KEY_BYTES


def upload_body(peer: str, kind: MediaKind, content: bytes, *, key: bytes, name: str) -> dict[str, Any]:
    """`name` is 32 random hex digits that name the upload."""
    return {
        "filekey": name,
        "media_type": UPLOAD_TYPES[kind],
        "to_user_id": peer,
        "rawsize": len(content),
        "rawfilemd5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "filesize": sealed_size(len(content)),
        "no_need_thumb": True,
        "aeskey": key.hex(),
    }
