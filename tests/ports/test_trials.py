from __future__ import annotations

from kagami.model.trace import Mark
from kagami.ports import Deed, Tried
from tests.ports.crossing import crossed


def test_what_was_tried_crosses_the_socket() -> None:
    tried = Tried("handled", "dice@1", 7, (Mark("plugin", 1, "x"),), (Deed("send", "12", "here", 5),), "", 3, "text", 1)
    assert crossed(tried) == tried
