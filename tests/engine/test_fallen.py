from __future__ import annotations

import pytest

from kagami.core.backoff import Pause
from kagami.engine.fallen import Fallen
from kagami.model.action import Call, Failed
from kagami.model.ids import BotId

BOT = BotId("kook:1")


@pytest.mark.parametrize(("looping", "state"), [(False, "backoff"), (True, "crash_loop")])
def test_it_says_what_happened_and_when_it_goes_on(looping: bool, state: str) -> None:
    health = Fallen(BOT, "", "kook", "KeyError: 'x'", Pause(4.0, looping), 7).health()
    assert (health.state, health.since_ms) == (state, 7)
    assert health.reason == "it failed (KeyError: 'x'); next try in 4 s"


async def test_it_does_nothing() -> None:
    fallen = Fallen(BOT, "front", "kook", "KeyError", Pause(4.0, looping=False), 7)
    assert (fallen.name, fallen.reachable) == ("front", False)
    assert isinstance(await fallen.perform(Call(BOT, "x")), Failed)
