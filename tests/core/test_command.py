from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.command import Cooldown, Grammar, Rest, find_call, grammar_of, read_cooldown
from kagami.errors import UsageError
from kagami.model.ids import UserId
from kagami.model.message import Message, text
from kagami.model.segment import Image, Mention, Text


async def book(ctx: object, city: str, days: int | None = None) -> None: ...
async def echo(ctx: object, text: Rest[str]) -> None: ...
async def note(ctx: object, title: str, body: Rest[str] = "-") -> None: ...
async def add(ctx: object, *, numbers: int) -> None: ...
async def total(ctx: object, numbers: list[int]) -> None: ...
async def tags(ctx: object, name: str, words: list[str] | None = None) -> None: ...
async def lots(ctx: object, numbers: list[int] = [7]) -> None: ...  # noqa: B006 - a default is what is tested
async def mode(ctx: object, when: Literal["day", "night"] = "day") -> None: ...
async def kick(ctx: object, who: UserId, why: Rest[str] | None = None) -> None: ...
async def post(ctx: object, picture: Image, caption: Rest[str] = "") -> None: ...
async def album(ctx: object, name: str, pictures: list[Image]) -> None: ...
async def ping(ctx: object) -> None: ...
async def untyped(ctx: object, word: object) -> None: ...


# As an author may write it.
del untyped.__annotations__["word"]


def read(function: Callable[..., Any], words: str | Message, skip: int = 2) -> list[Any]:
    """The arguments of `/c words`."""
    message = text(f"/c {words}") if isinstance(words, str) else (Text("/c"), *words)
    plain = "".join(part.text for part in message if isinstance(part, Text))
    return grammar_of(function).read(message, plain, skip)


@pytest.mark.parametrize(
    ("function", "words", "values"),
    [
        (book, "上海", ["上海", None]),
        (book, "“New York” 3", ["New York", 3]),
        (echo, "  a  [CQ:at,qq=all] \n b ", ["a  [CQ:at,qq=all] \n b"]),
        (note, "t  some   words", ["t", "some   words"]),
        (note, '"a title" rest', ["a title", "rest"]),
        (note, "t", ["t", "-"]),
        (total, "1 2 3", [[1, 2, 3]]),
        (tags, "n", ["n", None]),
        (tags, "n a b", ["n", ["a", "b"]]),
        (lots, "", [[7]]),
        (mode, "", ["day"]),
        (mode, "NIGHT", ["night"]),
        (ping, "", []),
        (untyped, "w", ["w"]),
    ],
)
def test_words_become_arguments(function: Callable[..., Any], words: str, values: list[Any]) -> None:
    assert read(function, words) == values


@pytest.mark.parametrize(
    ("function", "words", "reason"),
    [
        (book, "", "city is missing: a text."),
        (book, "x three", "days should be a whole number, not “three”."),
        (book, "x 3 4", "“4” is too much."),
        (echo, "  ", "text is missing: a text."),
        (total, "", "numbers is missing: a whole number."),
        (total, "1 b", "numbers should be a whole number, not “b”."),
        (mode, "noon", "when should be one of: day, night, not “noon”."),
        (ping, "now", "“now” is too much."),
        (post, "look", "picture is missing: a picture."),
    ],
)
def test_a_wrong_call_says_what_is_wrong(function: Callable[..., Any], words: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(function, words)
    assert str(caught.value) == reason


def test_what_is_wrong_is_translated() -> None:
    with pytest.raises(UsageError, match="缺少 city：文字"):
        grammar_of(book).read(
            text("/c"),
            "/c",
            2,
            {"{name} is missing: {expected}.": "缺少 {name}：{expected}", "a text": "文字"}.__getitem__,
        )


def test_braces_in_a_word_are_only_a_text() -> None:
    with pytest.raises(UsageError, match=r"not “\{0\.__class__\}”"):
        read(total, "{0.__class__}")


def test_a_mention_is_a_user_and_the_rest_is_as_it_was_typed() -> None:
    assert read(kick, (Text(" "), Mention("42"), Text("  too  loud"))) == ["42", "too  loud"]


def test_a_picture_is_taken_wherever_it_stands() -> None:
    assert read(post, (Text(" look here "), Image("cat"))) == [Image("cat"), "look here"]


def test_all_pictures_are_taken_in_order() -> None:
    assert read(album, (Image("1"), Text(" trip "), Image("2"))) == ["trip", [Image("1"), Image("2")]]


def test_a_rest_that_is_only_a_mention_is_empty() -> None:
    assert read(note, (Text(" t "), Mention("1"))) == ["t", "-"]


@pytest.mark.parametrize(
    ("function", "usage"),
    [
        (book, "<city> [days]"),
        (echo, "<text…>"),
        (tags, "<name> [words…]"),
        (mode, "[day|night]"),
        (ping, ""),
    ],
)
def test_a_grammar_shows_how_it_is_written(function: Callable[..., Any], usage: str) -> None:
    assert grammar_of(function).usage == usage


async def bare() -> None: ...
async def rest_first(ctx: object, all_of_it: Rest[str], more: str) -> None: ...
async def optional_first(ctx: object, a: int | None, b: int) -> None: ...
async def odd(ctx: object, what: bytes) -> None: ...
async def union(ctx: object, what: int | str) -> None: ...
async def rest_of_numbers(ctx: object, what: Rest[int]) -> None: ...
async def stars(ctx: object, *what: str) -> None: ...


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (bare, "bare needs a first parameter"),
        (rest_first, "all_of_it: what takes all words that are left must be last"),
        (optional_first, "b: it cannot be required after the optional a"),
        (odd, "what: .*bytes.* is not a type"),
        (union, "what: .*not a type"),
        (rest_of_numbers, r"what: only Rest\[str\]"),
        (stars, "what: only plain parameters"),
        (add, "numbers: only plain parameters"),
    ],
)
def test_a_signature_that_cannot_be_read_is_refused(function: Callable[..., Any], reason: str) -> None:
    with pytest.raises(TypeError, match=reason):
        grammar_of(function)


def test_other_annotations_of_a_type_are_ignored() -> None:
    async def noted(ctx: object, count: Annotated[int, "a note"]) -> None: ...

    noted.__annotations__ = {"count": Annotated[int, "a note"]}
    assert read(noted, "3") == [3]


@given(st.text())
def test_no_text_breaks_a_grammar(words: str) -> None:
    for function in (book, echo, note, total, tags, mode, kick, post, ping):
        try:
            values = read(function, words)
        except UsageError:
            continue
        assert len(values) == len(grammar_of(function).parameters)


@given(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1), st.integers(-(10**17), 10**17))
def test_arguments_come_back_from_what_was_written(city: str, days: int) -> None:
    assert read(book, f"{city} {days}")[1] == days


NAMES = {"订": 1, "echo": 2, "天气": 3, "天气预报": 4, "stop!": 5}
LENGTHS = sorted({len(name) for name in NAMES}, reverse=True)


@pytest.mark.parametrize(
    ("written", "name", "rest"),
    [
        ("/echo hi", "echo", " hi"),
        ("/ECHO", "echo", ""),
        ("  /echo hi", "echo", " hi"),
        ("/echo你好", "echo", "你好"),
        ("/订上海 3", "订", "上海 3"),
        ("/订3", "订", "3"),
        ("/天气上海", "天气", "上海"),
        ("/天气预报上海", "天气预报", "上海"),
        ("/stop! now", "stop!", " now"),
        ("/echo\nhi", "echo", "\nhi"),
    ],
)
def test_a_command_is_found_by_its_name(written: str, name: str, rest: str) -> None:
    called = find_call(written, "/", NAMES, LENGTHS)
    assert called is not None
    assert (called.name, written[called.end :]) == (name, rest)


@pytest.mark.parametrize(
    "written", ["echo", "/", "/ echo", "/echoing", "/ech", "/天", "", "//echo", "/stop!now", "/ſſecho"]
)
def test_anything_else_calls_nothing(written: str) -> None:
    assert find_call(written, "/", NAMES, LENGTHS) is None


def test_a_word_that_folds_to_another_length_is_only_known_whole() -> None:
    assert find_call("/ßx", "/", {"s": 1}, [1]) is None


def test_a_longer_prefix_counts_whole() -> None:
    assert find_call("bot echo", "bot ", NAMES, LENGTHS) == ("echo", 8)


@given(st.text(), st.text(min_size=1, max_size=3))
def test_no_text_breaks_the_search_for_a_name(written: str, prefix: str) -> None:
    called = find_call(written, prefix, NAMES, LENGTHS)
    assert called is None or called.name in NAMES


@pytest.mark.parametrize(
    ("written", "cooldown"),
    [
        ("5/min/user", Cooldown(5, 60, "user")),
        ("1/30s/chat", Cooldown(1, 30, "chat")),
        ("100/h/global", Cooldown(100, 3600, "global")),
        ("2/day", Cooldown(2, 86_400, "user")),
    ],
)
def test_a_cooldown_is_read(written: str, cooldown: Cooldown) -> None:
    assert read_cooldown(written) == cooldown


@pytest.mark.parametrize("written", ["", "5", "0/min", "1/0s", "5/min/galaxy", "-1/min"])
def test_a_wrong_cooldown_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is not a cooldown"):
        read_cooldown(written)


def test_an_empty_grammar_has_no_parameters() -> None:
    assert Grammar([]).read((), "", 0) == []
