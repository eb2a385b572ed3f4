from __future__ import annotations

import pytest

from kagami import log
from kagami.errors import Denied
from kagami.plugins.process.rights import Rights, http_word, of_predecessor


def rights(*words: str) -> Rights:
    return Rights(words, log.get("tests"))


@pytest.mark.parametrize(
    ("has", "needs", "may"),
    [
        ("store", "store", True),
        ("store", "jobs", False),
        ("*", "store", True),
        ("*", "call:kick", True),
        ("*", "http:example.org", True),
        ("*", "operate", False),
        ("operate", "operate", True),
        ("call:*", "call:kick", True),
        ("call:kick", "call:kick", True),
        ("call:kick", "call:ban", False),
        ("http:*", "http:example.org", True),
        ("http:example.org", "http:example.org", True),
        ("http:example.org", "http:www.example.org", False),
        ("http:*.example.org", "http:a.b.example.org", True),
        ("http:*.example.org", "http:example.org", False),
        ("http:*.example.org", "http:badexample.org", False),
        ("call:*", "http:example.org", False),
    ],
)
def test_words_allow_what_they_say(has: str, needs: str, may: bool) -> None:
    assert rights(has).allow(needs) is may


def test_a_missing_permission_is_marked_in_the_trace() -> None:
    marks: list[tuple[str, str]] = []
    with pytest.raises(Denied, match="store"):
        rights().need("store", lambda stage, detail: marks.append((stage, detail)))
    assert marks == [("denied", "store")]


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("https://Example.org:8443/x?y", "http:example.org"),
        ("http://user:secret@example.org/", "http:example.org"),
        ("http://[::1]/", "http:::1"),
        ("http://[bad", "http:?"),
        ("nonsense", "http:?"),
    ],
)
def test_the_host_of_an_address_names_the_permission(url: str, word: str) -> None:
    assert http_word(url) == word


def test_the_predecessors_words_are_mapped() -> None:
    words = ["send_message", "send_msg", "storage.get", "storage.set", "kick_user", "store", "*"]
    assert of_predecessor(words) == ("send:any_chat", "store", "call:kick_user", "*")
