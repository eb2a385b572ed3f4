from __future__ import annotations

import msgspec

from kagami.log import LogLine
from kagami.ports import LogPage


def test_a_page_crosses_the_wire_and_comes_back() -> None:
    page = LogPage([LogLine(7, 1, 20, "hub", "你好", {"bot": "qq:1"})], 7, done=False)
    assert msgspec.json.decode(msgspec.json.encode(page), type=LogPage) == page
