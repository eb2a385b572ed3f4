"""iLink's JSON, as far as it is read here. Any field may be missing or null."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from kagami.errors import WireError
from kagami.onebot.halves import forgiving

Shape = TypeVar("Shape", bound=msgspec.Struct)


class Answer(msgspec.Struct, frozen=True):
    """What every answer has; both codes 0 or absent when it was done."""

    ret: int | None = 0
    errcode: int | None = 0
    errmsg: str | None = ""

    @property
    def code(self) -> int:
        return self.errcode or self.ret or 0


class Code(Answer, frozen=True):
    """`qrcode` names the login, `qrcode_img_content` is the text to draw."""

    qrcode: str | None = ""
    qrcode_img_content: str | None = ""


class Status(Answer, frozen=True):
    status: str | None = ""
    redirect_host: str | None = ""
    bot_token: str | None = ""
    ilink_bot_id: str | None = ""
    ilink_user_id: str | None = ""
    baseurl: str | None = ""

    def __repr__(self) -> str:
        return f"Status({self.status})"


class Credentials(msgspec.Struct, frozen=True):
    """What a login brings. `baseurl` is where the account is spoken for from then on, `home` the host that gave it."""

    bot_token: str
    ilink_bot_id: str
    baseurl: str
    ilink_user_id: str = ""
    home: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.ilink_bot_id})"


class Updates(Answer, frozen=True):
    msgs: list[msgspec.Raw] | None = None
    get_updates_buf: str | None = ""
    longpolling_timeout_ms: int | None = 0


class Accepted(Answer, frozen=True):
    message_id: int | str | None = ""


class Ticket(Answer, frozen=True):
    typing_ticket: str | None = ""


class UploadPlace(Answer, frozen=True):
    upload_full_url: str | None = ""
    upload_param: str | None = ""


class Medium(msgspec.Struct, frozen=True):
    encrypt_query_param: str | None = ""
    aes_key: str | None = ""
    full_url: str | None = ""


class TextItem(msgspec.Struct, frozen=True):
    text: str | None = ""


class ImageItem(msgspec.Struct, frozen=True):
    media: Medium | None = None
    aeskey: str | None = ""


class VoiceItem(msgspec.Struct, frozen=True):
    """`text` is the server's transcript, `playtime` milliseconds."""

    media: Medium | None = None
    playtime: int | None = 0
    text: str | None = ""


class FileItem(msgspec.Struct, frozen=True):
    media: Medium | None = None
    file_name: str | None = ""
    len: int | str | None = ""


class VideoItem(msgspec.Struct, frozen=True):
    media: Medium | None = None
    play_length: int | None = 0


class QuotedItem(msgspec.Struct, frozen=True):
    msg_id: int | str | None = ""


class Quote(msgspec.Struct, frozen=True):
    message_item: QuotedItem | None = None
    title: str | None = ""
    svr_id: int | str | None = ""


class Item(msgspec.Struct, frozen=True):
    type: int | None = 0
    ref_msg: Quote | None = None
    text_item: TextItem | None = None
    image_item: ImageItem | None = None
    voice_item: VoiceItem | None = None
    file_item: FileItem | None = None
    video_item: VideoItem | None = None


class Incoming(msgspec.Struct, frozen=True):
    """One message. `message_type` is 1 from a user, 2 from a bot."""

    seq: int | None = 0
    message_id: int | str | None = ""
    from_user_id: str | None = ""
    client_id: str | None = ""
    create_time_ms: int | None = 0
    group_id: str | None = ""
    message_type: int | None = 0
    item_list: list[msgspec.Raw] | None = None
    context_token: str | None = ""


def decode(content: bytes | msgspec.Raw, shape: type[Shape]) -> Shape:
    """`WireError` for what is not of this shape. A half character does not spoil the rest."""
    try:
        return forgiving(bytes(content), msgspec.json.Decoder(shape, strict=False).decode)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(reason=str(error)) from None
