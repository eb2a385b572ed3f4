from __future__ import annotations

import pytest

from kagami.model.message import Message
from kagami.model.segment import Mention, Text
from kagami.plugins.extra.moderation.greeting import fill, uses_group


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("欢迎 {name} 来到 {group}", (Text("欢迎 "), Mention("7"), Text(" 来到 "), Text("镜"))),
        ("{name}", (Mention("7"),)),
        ("hi", (Text("hi"),)),
        ("{name.__class__} {0} {{group}}", (Text("{name.__class__} {0} {"), Text("镜"), Text("}"))),
    ],
)
def test_only_the_two_placeholders_are_special(template: str, message: Message) -> None:
    assert fill(template, name=Mention("7"), group="镜") == message


def test_what_is_filled_in_is_not_filled_again() -> None:
    assert fill("{group}", name="x", group="{name}") == (Text("{name}"),)


@pytest.mark.parametrize(("template", "uses"), [("{group}!", True), ("group", False)])
def test_the_group_is_asked_for_only_where_it_is_used(template: str, uses: bool) -> None:
    assert uses_group(template) == uses
