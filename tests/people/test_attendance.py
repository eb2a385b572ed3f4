from __future__ import annotations

from kagami.model.principal import CONSOLE, Principal
from kagami.people.attendance import Attended
from kagami.testing.clock import START_MS, FakeClock


def test_a_face_is_listed_while_it_is_open_with_what_was_sent_to_it() -> None:
    attended = Attended(FakeClock())
    ann = Principal("person", "ann", frozenset(), "192.0.2.1")
    with attended.enter(CONSOLE, "console"), attended.enter(ann, "browser", "login-1") as browser:
        browser.sent(12)
        first, second = attended.rows()
        assert (first.kind, first.face, first.session, first.since_ms) == ("console", "console", "", START_MS)
        assert (second.name, second.address, second.session, second.sent_bytes) == ("ann", "192.0.2.1", "login-1", 12)
    assert attended.rows() == []
