from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kagami import log
from kagami.clock import SystemClock
from kagami.errors import LoadError, PackageRefused, PluginError, SettingError
from kagami.logwords import matcher
from kagami.plugins.activate import Surroundings, activate
from kagami.plugins.config import PluginsConfig
from kagami.plugins.dialogs import Desk
from kagami.plugins.frames import shown_trace
from kagami.plugins.records import Record, keep
from kagami.plugins.versions import Found, digest, discover, fingerprints
from kagami.testing.chat import MemoryValues, chat_with

Write = Callable[..., Path]


def around(work: Path = Path("work"), **settings: dict[str, object]) -> Surroundings:
    clock = SystemClock()
    return Surroundings(
        values=MemoryValues(),
        clock=clock,
        desk=Desk(clock),
        translate=str,
        catalogue=lambda: (),
        roles=lambda _: frozenset({"member"}),
        config=PluginsConfig(settings=settings),
        grace=0.1,
        work=work,
    )


def found(folder: Path, code: str) -> Found:
    (folder / "greeter").mkdir()
    (folder / "greeter" / "plugin.json").write_text('{"id": "greeter", "version": "1.0.0", "entry": "main:plugin"}')
    (folder / "greeter" / "main.py").write_text(code)
    return discover(folder).versions["greeter"][0]


async def test_a_version_gets_its_settings(tmp_path: Path) -> None:
    code = """
from kagami.plugins.api import Plugin, Settings
class Mine(Settings):
    name: str = "Ada"
plugin = Plugin(settings=Mine)
"""
    active = await activate(found(tmp_path, code), around(greeter={"name": "Bo"}))
    assert repr(active.kit.settings) == "Mine(name='Bo')"
    assert await active.close(0.1) == []


async def test_a_setting_that_is_refused_is_named(tmp_path: Path) -> None:
    code = "from kagami.plugins.api import Plugin\nplugin = Plugin()"
    with pytest.raises(SettingError, match=r"plugins\.settings\.greeter\.naem"):
        await activate(found(tmp_path, code), around(greeter={"naem": 1}))


async def test_a_version_that_cannot_be_loaded_says_why_and_where(tmp_path: Path) -> None:
    with pytest.raises(LoadError) as caught:
        await activate(found(tmp_path, "\n\n1 / 0"), around())
    assert "line 3" in str(caught.value)
    assert str(caught.value).endswith("\nZeroDivisionError: division by zero (main.py, line 3)")


async def test_a_mistake_of_syntax_is_shown_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"main\.py.*, line 1") as caught:
        await activate(found(tmp_path, "def :"), around())
    assert str(caught.value).endswith("\nSyntaxError: invalid syntax (main.py, line 1)")


def test_an_error_without_a_cause_is_shown_by_itself() -> None:
    assert shown_trace(ValueError("x")) == "ValueError: x"


@pytest.mark.parametrize("runtime", ["python", "process"])
async def test_one_byte_that_changed_since_the_install_is_refused(tmp_path: Path, runtime: str) -> None:
    place = tmp_path / "greeter" / "1.0.0"
    place.mkdir(parents=True)
    (place / "plugin.json").write_text(
        json.dumps({"id": "greeter", "version": "1.0.0", "entry": "main:plugin", "runtime": runtime})
    )
    (place / "main.py").write_text("from kagami.plugins.api import Plugin\nplugin = Plugin()\n")
    keep(tmp_path, Record("greeter", "1.0.0", digest=digest(fingerprints(place)), dependencies_digest=digest({})))
    version = discover(tmp_path).versions["greeter"][0]
    active = await activate(version, around(work=tmp_path / "work"))
    await active.close(0.1)
    (place / "main.py").write_text("from kagami.plugins.api import Plugin\nplugin = Plugin()\n#")
    with pytest.raises(PackageRefused, match="changed since it was installed"):
        await activate(version, around(work=tmp_path / "work"))


@pytest.fixture
def ring() -> Iterator[log.Ring]:
    logger, kept = logging.getLogger("kagami"), log.Ring(100)
    before = logger.level
    logger.addHandler(kept)
    logger.setLevel(logging.INFO)
    yield kept
    logger.removeHandler(kept)
    logger.setLevel(before)


async def test_every_line_of_a_plugin_is_found_by_its_name(tmp_path: Path, write: Write, ring: log.Ring) -> None:
    write(
        "greeter",
        main="""
        from kagami.plugins.api import Context, Plugin, Settings
        plugin = Plugin()

        @plugin.command("v")
        async def version(ctx: Context[Settings]) -> None:
            ctx.log.info("it says")
            raise OSError("disk")
        """,
    )
    async with chat_with(tmp_path) as chat:
        await chat.says("/v")
        with pytest.raises(PluginError):
            await chat.finished()
    lines = ring.window(wanted=matcher(0, "plugin:greeter"))
    assert [line.text for line in lines][:2] == ["it says", "handler failed"]
