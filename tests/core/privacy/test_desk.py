"""What is masked for whom, and what comes back where."""

from __future__ import annotations

import msgspec

from kagami.core.privacy.config import PrivacyConfig
from kagami.core.privacy.desk import PrivacyDesk, place_of, walk
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.segment import Image, Native, Text

ON = PrivacyConfig(enabled=True)


def event(*parts: Text | Image | Native, chat: str = "group:1", name: str = "Ada Lovelace") -> Event:
    return Event(
        ExecutionId("e"),
        BotId("qq:1"),
        "message",
        "group",
        ChatId(chat),
        UserId("13800138000"),
        1,
        "d",
        parts,
        sender=Sender(name, "阿达"),
        native='{"raw_message": "13800138000"}',
    )


def test_an_event_leaves_without_what_is_private_and_finds_its_way_back() -> None:
    desk = PrivacyDesk(ON)
    picture = Image("a.png", "https://example.com/13800138000.png", {"summary": "a@b.io"})
    shown, _ = desk.outside(event(Text("Ada Lovelace: 13800138000"), picture))
    assert shown.message == (
        Text("[name-1]: [phone-1]"),
        msgspec.structs.replace(picture, extra={"summary": "[mail-1]"}),
    )
    assert (shown.sender.name, shown.sender.card) == ("[name-1]", "[name-2]")
    assert shown.native == ""
    assert shown.user == "13800138000"


def test_the_place_where_a_commands_words_begin_moves_with_what_is_masked() -> None:
    shown, end = PrivacyDesk(ON).outside(event(Text("/书13800138000 a@b.io rest")), 14)
    assert shown.text[end:] == "[mail-1] rest"


def test_another_chat_does_not_restore_what_this_one_hid() -> None:
    desk = PrivacyDesk(ON)
    here, there = place_of("qq:1", "group:1"), place_of("qq:1", "group:2")
    hidden = desk.mask("13800138000", here, both_ways=True)
    assert desk.restore(hidden, here) == "13800138000"
    assert desk.restore(hidden, there) == hidden


def test_parts_of_the_platforms_own_are_masked_but_for_addresses() -> None:
    card = Native("json", {"text": "我叫张伟", "url": "https://example.com/13800138000"})
    shown, _ = PrivacyDesk(ON).outside(event(card))
    assert shown.message == (Native("json", {"text": "我叫[name-1]", "url": "https://example.com/13800138000"}),)


def test_a_text_with_an_address_in_it_is_masked_all_the_same() -> None:
    hidden = PrivacyDesk(ON).masked({"text": "看 https://example.com 或打13800138000"}, "c")
    assert hidden == {"text": "看 https://example.com 或打[phone-1]"}


def test_while_it_is_off_it_guards_nothing_and_still_hides_secrets() -> None:
    desk = PrivacyDesk(secrets=["0123456789abcdef"])
    assert not desk.guards("logs")
    assert desk.redact("key 0123456789abcdef") == "key •••"


def test_only_the_places_that_are_named_are_guarded() -> None:
    desk = PrivacyDesk(PrivacyConfig(enabled=True, where=("models",)))
    assert desk.guards("models")
    assert not desk.guards("logs")


def test_settings_may_change_while_it_runs() -> None:
    desk = PrivacyDesk(ON)
    desk.adopt(PrivacyConfig(enabled=True, kinds=("mail",), names=("Zorro",), patterns={"order": "ORD[0-9]+"}))
    assert desk.mask("13800138000 a@b.io ORD7", "c") == "13800138000 [mail-1] [order-1]"
    desk.adopt(PrivacyConfig())
    assert not desk.guards("logs")


def test_a_look_at_what_would_be_masked_uses_up_no_numbers() -> None:
    desk = PrivacyDesk()
    first, _ = desk.inspect("13800138000")
    again, found = desk.inspect("13900139000 a@b.io", ["phone"])
    assert (first, again) == ("[phone-1]", "[phone-1] a@b.io")
    assert [(each.kind, each.start, each.end) for each in found] == [("phone", 0, 11)]


def test_a_tree_keeps_its_shape() -> None:
    assert walk({"a": ("x", ["y"], 1)}, str.upper) == {"a": ("X", ["Y"], 1)}
