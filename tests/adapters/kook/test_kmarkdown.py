from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.kook.kmarkdown import SPECIAL, escape, face, mention, read, write_text
from kagami.model.segment import AnySegment, Face, Mention, Native, Text

ODD = st.lists(st.sampled_from([*SPECIAL, "a", "é", "😀", "\n", " ", "met", "https://x.y/z"])).map("".join)


@given(ODD | st.text(max_size=60))
def test_what_was_written_reads_as_the_same_text(text: str) -> None:
    assert read("".join(write_text(text))) == ([Text(text)] if text else [])


@given(ODD | st.text())
def test_nothing_in_a_text_is_markup(text: str) -> None:
    plain = re.sub(r"\\.", "", escape(text), flags=re.DOTALL)
    assert not set(plain) & set(SPECIAL)


def test_addresses_are_links_to_themselves() -> None:
    assert "".join(write_text("see https://a.b/c-d *")) == r"see [https://a.b/c-d](https://a.b/c-d) \*"


@given(st.text(max_size=5000))
def test_pieces_are_small(text: str) -> None:
    assert all(len(piece) <= 2000 for piece in write_text(text))


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("", []),
        ("hi", [Text("hi")]),
        (r"a\*b \\ \n", [Text(r"a*b \ \n")]),
        ("(met)123(met) hi", [Mention("123"), Text(" hi")]),
        ("hi (met)all(met)", [Text("hi "), Mention("all")]),
        ("(met)here(met)", [Mention("all", {"here": True})]),
        (r"\(met\)123\(met\)", [Text("(met)123(met)")]),
        ("(met)123(rol)", [Text("(met)123(rol)")]),
        ("(rol)7(rol)", [Native("role", {"id": "7", "name": "mods"})]),
        ("(rol)8(rol)", [Native("role", {"id": "8", "name": ""})]),
        ("(chn)55(chn)", [Native("channel", {"id": "55"})]),
        ("(emj)cat(emj)[12/ab]", [Face("12/ab", {"name": "cat"})]),
        ("[https://a.b](https://a.b)", [Text("https://a.b")]),
        ("[here](https://a.b)", [Text("[here](https://a.b)")]),
        ("**b** `a\\*b` :smile:", [Text("**b** `a\\*b` :smile:")]),
        ("```py\n(met)1(met)\n```", [Text("```py\n(met)1(met)\n```")]),
        ("(spl)psst(spl)", [Text("(spl)psst(spl)")]),
    ],
)
def test_markup_is_read_as_parts(content: str, parts: list[AnySegment]) -> None:
    assert read(content, {"7": "mods"}) == parts


def test_a_long_run_of_brackets_is_read_quickly() -> None:
    content = "(met)" * 2000 + "[a](" * 2000 + "```" * 2001
    assert read(content) == [Text(content)]


def test_a_mention_is_written_as_one() -> None:
    assert (mention("123"), mention("all")) == ("(met)123(met)", "(met)all(met)")


def test_a_mention_of_what_is_no_user_is_text() -> None:
    assert read(mention("1(met)")) == [Text("@1(met) ")]


def test_an_emoticon_without_a_name_is_named() -> None:
    assert face(Face("12/ab", {"name": "cat"})) == "(emj)cat(emj)[12/ab]"
    assert read(face(Face("178"))) == [Text("[178]")]
