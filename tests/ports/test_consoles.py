from __future__ import annotations

from typing import get_args

from kagami.ports.consoles import Ended
from kagami.web.pages import _CONSOLE_WORDS

# The page goes back to the login, or the tab is not there any more to be told.
UNSAID = {"left", "logout", "away"}


def test_every_other_end_of_a_console_has_words_on_its_page() -> None:
    assert set(get_args(Ended)) - UNSAID <= set(_CONSOLE_WORDS)
