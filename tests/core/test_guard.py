from __future__ import annotations

import random
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.guard import GuardEntry, Lists, folded, hosts, sound
from kagami.model.event import Event, Kind
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import Message, text
from kagami.model.segment import Image, Native, Text


def said(
    words: str | Message, user: str = "42", chat: str = "group:7", bot: str = "qq:1000", kind: Kind = "message"
) -> Event:
    message = text(words) if isinstance(words, str) else words
    return Event(
        ExecutionId("x"), BotId(bot), kind, "group", ChatId(chat), UserId(user), time_ms=0, dedupe="1", message=message
    )


def why(event: Event, *entries: GuardEntry, now_ms: int = 0) -> str:
    caught = Lists(entries).judge(event, now_ms)
    return caught.reason if caught else ""


def deny(kind: Any, value: str, **more: Any) -> GuardEntry:
    return sound(GuardEntry(kind, value, **more))


def allow(kind: Any, value: str, **more: Any) -> GuardEntry:
    return sound(GuardEntry(kind, value, "allow", **more))


def test_a_denied_user_is_kept_out_with_the_reason() -> None:
    assert why(said("hi"), deny("user", "qq:42")) == "user qq:42"


def test_the_same_number_on_another_platform_is_somebody_else() -> None:
    assert why(said("hi", bot="kook:1"), deny("user", "qq:42")) == ""


def test_a_denied_chat_is_kept_out_for_notices_too() -> None:
    assert why(said("", kind="notice"), deny("chat", "group:7")) == "chat group:7"


def test_what_is_not_on_the_lists_passes() -> None:
    assert why(said("hi"), deny("user", "qq:43"), deny("chat", "group:8"), deny("word", "bad")) == ""


@pytest.mark.parametrize(("chat", "kept_out"), [("group:7", False), ("group:8", True)])
def test_all_chats_but_those_allowed_can_be_denied(chat: str, kept_out: bool) -> None:
    assert bool(why(said("hi", chat=chat), deny("chat", "*"), allow("chat", "group:7"))) is kept_out


def test_an_allowed_user_is_excepted_from_everything() -> None:
    entries = deny("chat", "group:7"), deny("word", "bad"), allow("user", "qq:42")
    assert why(said("bad"), *entries) == ""


@pytest.mark.parametrize(
    ("where", "kept_out"),
    [("platform:qq", True), ("platform:kook", False), ("bot:qq:1000", True), ("chat:group:8", False)],
)
def test_a_line_holds_where_it_says(where: str, kept_out: bool) -> None:
    assert bool(why(said("bad"), deny("word", "bad", where=where))) is kept_out


def test_a_line_ends_when_it_says() -> None:
    entry = deny("user", "qq:42", until_ms=1000)
    assert [why(said("hi"), entry, now_ms=999), why(said("hi"), entry, now_ms=1000)] == ["user qq:42", ""]


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("敏感词", "这是敏感词吗"),
        ("敏感词", "这是敏\u200b感\u2060词吗"),
        ("bad", "This is ＢＡＤ."),
        ("bad", "b\u00adad"),
        ("straße", "STRASSE"),
        ("two words", "these two words"),
        ("加qq", "快加QQ吧"),
    ],
)
def test_a_word_is_found_in_disguise(word: str, words: str) -> None:
    assert why(said(words), deny("word", word))


@pytest.mark.parametrize(
    ("word", "words"), [("ass", "first class"), ("ass", "assume"), ("敏感词", "敏感"), ("1", "10")]
)
def test_a_latin_word_is_a_whole_one(word: str, words: str) -> None:
    assert not why(said(words), deny("word", word))


def test_an_allowed_word_excuses_what_it_covers_alone() -> None:
    entries = deny("word", "日本"), allow("word", "今日本店")
    assert [why(said("今日本店休息"), *entries), why(said("今日本店在日本"), *entries)] == ["", "word 日本"]


def test_a_pattern_finds_whatever_the_case() -> None:
    assert why(said("Call 1234567 NOW"), deny("pattern", r"call \d{7}")) == r"pattern call \d{7}"


@pytest.mark.parametrize(
    "words",
    [
        "https://evil.com/x",
        "看www.Evil.com吧",
        "http://good.org@sub.evil.com:80/",
        "evil。com",
        "evil．com",
    ],
)
def test_a_link_is_known_by_its_host(words: str) -> None:
    assert why(said(words), deny("link", "https://evil.com/some/path")) == "link evil.com"


@pytest.mark.parametrize("words", ["https://notevil.com", "https://evil.com.org", "evil", "https://good.evil.com/"])
def test_other_hosts_are_not_it(words: str) -> None:
    assert not why(said(words), deny("link", "evil.com"), allow("link", "good.evil.com"))


def test_all_links_can_be_denied_and_numbers_are_none() -> None:
    entries = deny("link", "*"), allow("link", "kagami.dev")
    words = ["https://a.org", "www.a.org", "see https://docs.kagami.dev", "1.5 e.g. 3.14", "http://u@1.2.3.4/"]
    assert [bool(why(said(each), *entries)) for each in words] == [True, True, False, False, True]


def test_a_host_in_other_letters_is_found() -> None:
    assert why(said("去 https://例子.com 看"), deny("link", "例子.com"))


def test_a_card_is_read_too() -> None:
    card = Native("json", {"data": '{"url":"https:\\/\\/evil.com\\/x"}'})
    assert why(said((Image("a.png"), card)), deny("link", "evil.com"))


def test_a_text_in_pieces_is_read() -> None:
    assert why(said((Text("so "), Image("a.png"), Text("bad"))), deny("word", "bad"))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("word", "  "),
        ("word", "\u200b"),
        ("word", "x" * 501),
        ("user", "10001"),
        ("chat", "group:"),
        ("pattern", "("),
        ("pattern", r"(a)\1"),
        ("link", "https://"),
    ],
)
def test_what_cannot_be_a_line_is_refused(kind: Any, value: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        deny(kind, value)


def test_a_pattern_cannot_allow() -> None:
    with pytest.raises(ValueError, match="only deny"):
        allow("pattern", "a")


def test_a_line_holds_somewhere_that_can_be() -> None:
    with pytest.raises(ValueError, match="everywhere"):
        deny("word", "bad", where="somewhere")


@given(st.text(max_size=30), st.text(min_size=1, max_size=5).filter(lambda word: folded(" ".join(word.split()))))
def test_judging_never_fails_whatever_is_said(words: str, word: str) -> None:
    Lists([deny("word", word), allow("word", f"{word}x"), deny("link", "*")]).judge(said(words), 0)


@given(st.text(max_size=50))
def test_hosts_never_fails(words: str) -> None:
    assert all("." in host for _, host in hosts(words))


HOSTILE = [
    "a" * 100_000,
    "class" * 20_000,
    "a.b " * 25_000,
    "a-" * 50_000,
    "a." * 50_000,
    "://@" * 25_000,
    "\u200b" * 100_000,
    "ﷺ" * 5_000,
    "((((" * 25_000,
    "1234567 " * 12_500,
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_text_takes_no_longer_than_its_length(number: int) -> None:
    lists = Lists(
        [
            deny("word", "ass"),
            allow("word", "class"),
            deny("word", "a" * 300),
            deny("pattern", "(a+)+$b"),
            deny("pattern", "(x+x+)+y"),
            deny("link", "*"),
            deny("link", "evil.com"),
        ]
    )
    event = said(HOSTILE[number])
    began = time.process_time()
    lists.judge(event, 0)
    assert time.process_time() - began < 1.0


def test_ten_thousand_words_cost_a_message_next_to_nothing() -> None:
    chance = random.Random(7)  # noqa: S311
    words = {"".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(3)) for _ in range(10_000)}
    lists = Lists([GuardEntry("word", word) for word in words])
    event = said("今天天气怎么样，我们一起去吃饭好不好" * 3)
    began = time.process_time()
    for _ in range(100):
        lists.judge(event, 0)
    assert time.process_time() - began < 0.1
