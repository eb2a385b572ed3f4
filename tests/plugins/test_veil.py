"""The guard in one chat."""

from __future__ import annotations

from kagami.core.privacy.config import PrivacyConfig
from kagami.core.privacy.desk import PrivacyDesk
from kagami.plugins.veil import Veil
from tests.plugins.process.guesthost import event_of


def test_what_goes_is_masked_and_what_comes_back_is_restored() -> None:
    veil = Veil(PrivacyDesk(PrivacyConfig(enabled=True)), event_of("x"), "models")
    hidden = veil.mask("打13800138000")
    assert hidden == "打[phone-1]"
    assert veil.restore(f"好的，{hidden}") == "好的，打13800138000"
    assert veil.restored({"a": ["[phone-1]"]}) == {"a": ["13800138000"]}


def test_where_the_guard_is_not_wanted_every_text_stays() -> None:
    event = event_of("打13800138000")
    for guard in (None, PrivacyDesk(), PrivacyDesk(PrivacyConfig(enabled=True, where=("logs",)))):
        veil = Veil(guard, event, "models")
        assert not veil.on
        assert veil.mask(event.text) == event.text
        assert veil.outside(event, 3) == (event, 3)
