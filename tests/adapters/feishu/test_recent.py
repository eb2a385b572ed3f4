"""What was said lately."""

from __future__ import annotations

import pytest

from kagami.adapters.feishu import recent as module
from kagami.adapters.feishu.recent import Recent, Spot
from kagami.model.ids import ChatId

GROUP = ChatId("group:oc_1")


def test_a_message_has_its_chat_and_its_user() -> None:
    recent = Recent()
    recent.saw("om_1", GROUP, "ou_1")
    assert (recent.spot("om_1"), recent.is_ours("om_1")) == (Spot(GROUP, "ou_1"), False)


def test_what_the_bot_said_is_its_own() -> None:
    recent = Recent()
    recent.saw("om_1", GROUP)
    assert (recent.is_ours("om_1"), recent.is_ours("om_2")) == (True, False)


def test_a_private_chat_is_named_by_its_user_once_it_is_known() -> None:
    recent = Recent()
    before = recent.chat("oc_p2p")
    recent.private("oc_p2p", "ou_1")
    assert (before, recent.chat("oc_p2p")) == ("group:oc_p2p", "private:ou_1")


def test_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    recent = Recent()
    for number in range(4):
        recent.saw(f"om_{number}", GROUP)
        recent.private(f"oc_{number}", "ou_1")
    assert [recent.is_ours(f"om_{number}") for number in range(4)] == [False, False, True, True]
    assert recent.chat("oc_1") == "group:oc_1"
