"""Messages → requests. Pure: what is to be uploaded is named by its place in a form.

Parts that only Telegram knows, as `Native`: `buttons` with `rows`, a list of rows of `{"text", "data"}` or
`{"text", "url"}`; `html`, `markdown` and `markdownv2` with `content`. Others become words in brackets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, Literal, NamedTuple

from kagami.adapters.telegram.places import Target, read_target
from kagami.adapters.telegram.units import LONGEST_CAPTION, LONGEST_TEXT, Linked, Piece, sound, split, units
from kagami.errors import Refused
from kagami.model.ids import ChatId, split_id
from kagami.model.message import Message, in_words
from kagami.model.segment import AnySegment, Face, Media, Mention, Native, Reply, Text

LARGEST_ALBUM = 10
LONGEST_CALLBACK = 64

MediumKind = Literal["photo", "animation", "video", "voice", "audio", "document", "sticker"]
# What may stand together in an album.
_ALBUMS: tuple[tuple[MediumKind, ...], ...] = (("photo", "video"), ("document",), ("audio",))
_FORMATS = {"html": "HTML", "markdown": "Markdown", "markdownv2": "MarkdownV2"}


class Request(NamedTuple):
    """`params` are JSON values; what reads `attach://x` in them is in the field `x` of the form."""

    method: str
    params: dict[str, Any]


class Medium(NamedTuple):
    """`file` is an id of Telegram's, or `attach://` and the name of a field."""

    kind: MediumKind
    file: str


class _Formatted(NamedTuple):
    text: str
    mode: str


class _Album(NamedTuple):
    """Media that follow one another; it may take several requests."""

    media: tuple[Medium, ...]


_Run = Piece | _Formatted | _Album


def write_message(
    chat: ChatId, message: Message, media: Mapping[int, Medium], names: Mapping[str, str]
) -> list[Request]:
    """`media` are those of the message by their place in it, `names` what users are called. `Refused` for what no
    request can be made of.
    """
    target = {"chat_id": read_chat(chat).chat}
    if topic := read_chat(chat).number:
        target["message_thread_id"] = topic
    runs = _runs(message, media, names)
    markup = _markup(message)
    requests = [each for run in _joined(runs, buttons=bool(markup)) for each in _requests(run)]
    if markup:
        if not requests or requests[-1].method == "sendMediaGroup":
            requests.append(Request("sendMessage", {"text": "…"}))
        requests[-1].params["reply_markup"] = markup
    if not requests:
        raise Refused(reason="There is nothing in this message that Telegram could send.")
    requests[0].params.update(_reply(message, target["chat_id"]))
    return [Request(method, target | params) for method, params in requests]


def read_chat(chat: ChatId) -> Target:
    kind, name = split_id(chat)
    target = read_target(name)
    if target is None or kind not in ("private", "group", "channel"):
        raise Refused(reason=f"{chat[:80]!r} is no chat of Telegram's.")
    return target


def _reply(message: Message, chat: int | str) -> dict[str, Any]:
    for part in message:
        if isinstance(part, Reply) and (quoted := read_target(part.message_id)) and quoted.number:
            where = {} if quoted.chat == chat else {"chat_id": quoted.chat}
            known = {"message_id": quoted.number, "allow_sending_without_reply": True}
            return {"reply_parameters": known | where}
    return {}


# --- runs of what belongs together -----------------------------------------------------------------------------------


def _runs(message: Message, media: Mapping[int, Medium], names: Mapping[str, str]) -> list[_Run]:
    runs: list[_Run] = []
    for place, part in enumerate(message):
        before = runs[-1] if runs else None
        if isinstance(part, Media):
            if isinstance(before, _Album):
                runs[-1] = _Album((*before.media, media[place]))
            else:
                runs.append(_Album((media[place],)))
        elif isinstance(part, Native) and part.kind in _FORMATS:
            runs.append(_Formatted(sound(str(part.fields.get("content", ""))), _FORMATS[part.kind]))
        elif words := _words(part, names):
            if isinstance(before, Piece):
                runs[-1] = _append(before, words)
            else:
                runs.append(words)
    return runs


def _words(part: AnySegment, names: Mapping[str, str]) -> Piece | None:
    match part:
        case Text():
            return Piece(sound(part.text)) if part.text else None
        case Mention():
            return _mention(part, names)
        case Reply() | Native(kind="buttons"):
            return None
        case Face():
            return Piece(part.id if not part.id.isascii() else f"[face {part.id}]")
        case Native():
            return Piece(sound(in_words(part)))
    return None


def _mention(part: Mention, names: Mapping[str, str]) -> Piece:
    """A name that leads to its user."""
    known = str(part.extra.get("name") or names.get(part.user) or part.user)
    shown = sound(known if known.startswith("@") else f"@{known}")
    number = read_target(part.user)
    if number is None or not isinstance(number.chat, int) or number.chat <= 0:
        return Piece(shown)
    return Piece(shown, (Linked(0, units(shown), number.chat),))


def _append(before: Piece, words: Piece) -> Piece:
    ahead = units(before.text)
    moved = (each._replace(offset=each.offset + ahead) for each in words.links)
    return Piece(before.text + words.text, (*before.links, *moved))


def _joined(runs: list[_Run], *, buttons: bool) -> Iterator[tuple[_Run, Piece | None]]:
    """Runs with the caption that each has: the text of a message goes below its only medium or album."""
    pieces = [run for run in runs if isinstance(run, Piece)]
    others = [run for run in runs if not isinstance(run, Piece)]
    caption = reduce(_append, pieces, Piece(""))
    short = bool(caption.text.strip()) and units(caption.text) <= LONGEST_CAPTION
    if short and len(others) == 1 and isinstance(others[0], _Album) and _bears(others[0], buttons=buttons):
        yield others[0], caption
        return
    for run in runs:
        yield run, None


def _bears(album: _Album, *, buttons: bool) -> bool:
    """Whether it is one request that takes a caption; buttons have no place below an album."""
    groups = list(_groups(album.media))
    return len(groups) == 1 and groups[0][0].kind != "sticker" and not (buttons and len(groups[0]) > 1)


# --- requests --------------------------------------------------------------------------------------------------------


def _requests(joined: tuple[_Run, Piece | None]) -> Iterator[Request]:
    run, caption = joined
    if isinstance(run, Piece):
        for piece in split(run):
            yield Request("sendMessage", {"text": piece.text} | _entities("entities", piece.links))
    elif isinstance(run, _Formatted):
        yield from _formatted(run)
    else:
        for group in _groups(run.media):
            yield _media(group, caption)


def _formatted(run: _Formatted) -> Iterator[Request]:
    if run.text.strip() and units(run.text) <= LONGEST_TEXT:
        yield Request("sendMessage", {"text": run.text, "parse_mode": run.mode})
        return
    for piece in split(Piece(run.text)):  # cut anywhere it would not be well-formed
        yield Request("sendMessage", {"text": piece.text})


def _groups(media: Iterable[Medium]) -> Iterator[list[Medium]]:
    """What goes together: neighbours that may stand in one album."""
    group: list[Medium] = []
    for medium in media:
        album = next((kinds for kinds in _ALBUMS if medium.kind in kinds), ())
        if group and (group[0].kind not in album or len(group) == LARGEST_ALBUM):
            yield group
            group = []
        group.append(medium)
    if group:
        yield group


def _media(group: Sequence[Medium], caption: Piece | None) -> Request:
    said: dict[str, Any] = {"caption": caption.text} | _entities("caption_entities", caption.links) if caption else {}
    if len(group) == 1:
        kind, file = group[0]
        return Request(f"send{kind.capitalize()}", said | {kind: file})
    items: list[dict[str, Any]] = [{"type": each.kind, "media": each.file} for each in group]
    items[0] |= said
    return Request("sendMediaGroup", {"media": items})


def _entities(key: str, links: Sequence[Linked]) -> dict[str, Any]:
    """Entities, so that nothing in a text has to be escaped."""
    if not links:
        return {}
    return {
        key: [
            {"type": "text_mention", "offset": each.offset, "length": each.length, "user": _user(each.user)}
            for each in links
        ]
    }


def _user(number: int) -> dict[str, Any]:
    return {"id": number, "is_bot": False, "first_name": ""}


def _markup(message: Message) -> dict[str, Any]:
    rows: list[Any] = []
    for part in message:
        if isinstance(part, Native) and part.kind == "buttons":
            given = part.fields.get("rows")
            if not isinstance(given, list) or not all(isinstance(row, list) for row in given):
                raise Refused(reason="buttons need rows, a list of lists of buttons.")
            rows += [[_button(each) for each in row] for row in given]
    return {"inline_keyboard": rows} if rows else {}


def _button(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict) or not given.get("text"):
        raise Refused(reason="A button needs a text.")
    if "url" in given:
        return {"text": str(given["text"]), "url": str(given["url"])}
    callback = str(given.get("data", given["text"]))
    if len(callback.encode("utf-8", "replace")) > LONGEST_CALLBACK:
        raise Refused(reason=f"The data of a button may have {LONGEST_CALLBACK} bytes.")
    return {"text": str(given["text"]), "callback_data": callback}
