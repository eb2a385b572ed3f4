from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kagami import log
from kagami.config import LogConfig, Settings, load
from kagami.engine.live import Live, language_of
from kagami.errors import SettingError, Unavailable
from kagami.gateway.config import GatewayConfig
from kagami.home import Home


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    yield load(Home(tmp_path), environ={"KAGAMI_LANGUAGE": "en"})
    log.set_level("info")


def moved(settings: Settings, port: int) -> Settings:
    return msgspec.structs.replace(settings, gateway=GatewayConfig(port=port, token=settings.gateway.token))


async def test_only_parts_that_are_concerned_are_told(settings: Settings) -> None:
    told: list[str] = []
    live = Live(settings)
    live.on(("gateway",), lambda _: told.append("gateway"), "reopen")
    live.on(("gateway.ports", "web"), lambda _: told.append("web"))
    found = await live.apply(moved(settings, 1))
    assert told == ["gateway"]
    assert [(each.key, each.result) for each in found] == [("gateway.port", "reopened")]
    assert live.current.gateway.port == 1


async def test_what_nobody_follows_needs_a_restart(settings: Settings) -> None:
    live = Live(settings)
    assert (live.effect("gateway.port"), live.effect("log.level")) == ("restart", "live")
    (found,) = await live.apply(moved(settings, 1))
    assert found.result == "restart needed"


@pytest.mark.parametrize(
    "error", [SettingError(key="x", value="", origin="", reason="", fix=""), OSError(98, "in use")]
)
async def test_a_failure_takes_back_what_was_done_before_it(settings: Settings, error: Exception) -> None:
    ports: list[int] = []

    async def fail(wanted: Settings) -> None:
        if wanted is not settings:
            raise error

    live = Live(settings)
    live.on(("gateway",), lambda wanted: ports.append(wanted.gateway.port))
    live.on(("gateway",), fail)
    live.on(("gateway",), lambda _: ports.append(0))
    with pytest.raises((SettingError, Unavailable)):
        await live.apply(moved(settings, 1))
    assert ports == [1, 3001]
    assert live.current is settings


async def test_a_part_that_cannot_go_back_keeps_no_other_from_it(settings: Settings) -> None:
    ports: list[int] = []

    def fail(_: Settings) -> None:
        raise OSError(98, "in use")

    live = Live(settings)
    live.on(("gateway",), lambda wanted: ports.append(wanted.gateway.port))
    live.on(("gateway",), fail)
    with pytest.raises(Unavailable, match="in use"):
        await live.apply(moved(settings, 1))
    assert ports == [1, 3001]


async def test_a_judge_refuses_before_anything_is_done(settings: Settings) -> None:
    def judge(wanted: Settings) -> None:
        if wanted.gateway.port == 1:
            raise SettingError(key="gateway.port", value=1, origin="", reason="", fix="")

    live = Live(settings)
    live.judge(judge)
    live.check(settings)
    with pytest.raises(SettingError):
        live.check(moved(settings, 1))


async def test_the_voice_and_the_log_follow(settings: Settings) -> None:
    live = Live(settings)
    voice = live.translate
    wanted = msgspec.structs.replace(settings, language="zh", log=LogConfig(level="error"))
    await live.apply(wanted)
    assert (voice.language, language_of(wanted)) == ("zh", "zh")
    await live.apply(settings)
    assert voice("Plugins") == "Plugins"
