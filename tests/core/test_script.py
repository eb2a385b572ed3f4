from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.script import Step, Who, read_script, write_script
from kagami.errors import UsageError

TEXT = """# dice
as user:1 chat:group:7 name:"小 明"
> /roll
| 3d6
< 12
! join
"""


def test_a_conversation_is_read_with_who_said_what_where() -> None:
    who = Who("1", "group:7", "小 明")
    assert read_script(TEXT) == [
        Step("says", "/roll\n3d6", who, 3),
        Step("hears", "12", who, 5),
        Step("happens", "join", who, 6),
    ]


def test_a_line_that_is_none_is_named() -> None:
    with pytest.raises(UsageError, match="line 2"):
        read_script("> hi\nwhat?\n")


LINES = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12)
STEPS = st.builds(
    Step,
    st.sampled_from(("says", "happens")),
    st.lists(LINES, min_size=1, max_size=3).map("\n".join),
    st.builds(Who, st.just("1"), st.sampled_from(("private:1", "group:7")), st.just("me")),
)


@given(st.lists(STEPS, max_size=6))
def test_what_is_written_is_read_again(steps: list[Step]) -> None:
    read = read_script(write_script(steps, "a test"))
    assert [(each.kind, each.text, each.who) for each in read] == [(each.kind, each.text, each.who) for each in steps]
