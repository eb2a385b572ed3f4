from __future__ import annotations

from typing import Any

import pytest

from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import Message, text
from kagami.model.segment import Image
from kagami.plugins.extra.moderation.chats import Guarded
from kagami.plugins.extra.moderation.judge import Breach, judge
from kagami.plugins.extra.moderation.rules import Rules
from kagami.plugins.extra.moderation.watch import Watch
from kagami.plugins.extra.moderation.words import WordList

GENERAL = WordList(["代刷"])


def event(message: Message) -> Event:
    bot, chat, user = BotId("qq:1"), ChatId("group:1"), UserId("5")
    return Event(ExecutionId("e"), bot, "message", "group", chat, user, 1_760_000_000_000, "d", message)


def judged(*messages: str | Message, **rules: Any) -> list[Breach | None]:
    guarded, watch = Guarded(Rules(**rules), WordList(["广告"])), Watch()
    parts = [text(each) if isinstance(each, str) else each for each in messages]
    return [judge(event(each), guarded, GENERAL, watch) for each in parts]


@pytest.mark.parametrize(
    ("said", "breach"), [("hi", None), ("广.告", Breach("word", "广告")), ("找我代刷", Breach("word", "代刷"))]
)
def test_words_of_the_group_and_of_the_operator_are_forbidden(said: str, breach: Breach | None) -> None:
    assert judged(said) == [breach]


@pytest.mark.parametrize(("links", "breach"), [(True, Breach("link", "evil.top")), (False, None)])
def test_links_are_forbidden_where_somebody_said_so(links: bool, breach: Breach | None) -> None:
    assert judged("https://evil.top", links=links) == [breach]


def test_the_same_again_is_a_repeat_in_any_dress() -> None:
    assert judged("哈哈", "哈 哈", "哈哈！", repeats=2) == [None, None, Breach("repeat")]


def test_the_same_picture_again_is_a_repeat() -> None:
    assert judged((Image("a"),), (Image("a"),), (Image("b"),), repeats=1) == [None, Breach("repeat"), None]


def test_too_many_messages_are_a_flood() -> None:
    assert judged("a", "b", "c", flood_messages=2) == [None, None, Breach("flood")]


def test_a_forbidden_message_counts_for_the_flood() -> None:
    assert judged("广告", "广告2", "c", flood_messages=2)[-1] == Breach("flood")
