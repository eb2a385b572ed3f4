from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kagami.clock import SystemClock
from kagami.config import load
from kagami.engine.live import Live
from kagami.engine.tools import Tools, open_logs, translator_of
from kagami.home import Home
from kagami.log import Ring


@pytest.mark.parametrize(("keep_mb", "there"), [("256", True), ("0", False)])
async def test_the_log_is_on_disk_where_it_is_to_be_kept(tmp_path: Path, keep_mb: str, there: bool) -> None:
    settings = load(Home(tmp_path), environ={"KAGAMI_LOG__KEEP_MB": keep_mb})
    async with AsyncExitStack() as stack:
        await open_logs(stack, settings, Ring(), SystemClock())
    assert settings.home.logs.exists() is there


def test_settings_and_language_are_those_of_the_moment(tmp_path: Path) -> None:
    settings = load(Home(tmp_path), environ={"KAGAMI_LANGUAGE": "en"})
    absent: Any = None
    live = Live(settings)
    others = [absent] * (len(Tools.__dataclass_fields__) - 1)
    tools = Tools(live, *others)
    kept = tools.translate
    assert kept("Plugins") == "Plugins"
    live.current = msgspec.structs.replace(settings, language="zh")
    live.translate.language = "zh"
    assert tools.settings.language == "zh"
    assert kept("Plugins") == translator_of(tools.settings)("Plugins")
