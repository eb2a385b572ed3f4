from __future__ import annotations

from kagami.core.privacy.desk import PrivacyDesk
from kagami.ports import Privacy


def test_the_desk_keeps_the_port_s_promise() -> None:
    promised = {name for name in vars(Privacy) if not name.startswith("_")}
    assert promised <= set(dir(PrivacyDesk))
