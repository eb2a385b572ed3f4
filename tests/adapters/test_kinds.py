"""What every kind of bot has to have; no platform is named here."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import get_args

import pytest

from kagami.adapters.kinds import BotConfig, abilities
from kagami.model.ability import AbilityName

KINDS = tuple(str(each.__struct_config__.tag) for each in get_args(BotConfig))
HEAVY = ("aiohttp", "websockets", "cryptography", "yarl")


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_of_every_ability_what_it_can(kind: str) -> None:
    assert sorted(each.name for each in abilities(kind)) == sorted(get_args(AbilityName))


@pytest.mark.parametrize("kind", KINDS)
def test_it_can_be_opened_and_tried(kind: str) -> None:
    assert callable(import_module(f"kagami.adapters.{kind}.link").open_bot)
    assert callable(import_module(f"kagami.adapters.{kind}.dial").dial)


def test_nothing_heavy_is_loaded_for_the_tables_and_the_abilities() -> None:
    code = f"""
import sys
from kagami.adapters.kinds import abilities
for kind in {KINDS!r}:
    abilities(kind)
sys.exit(",".join(name for name in {HEAVY!r} if name in sys.modules) or 0)
"""
    run = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_the_sandbox_has_none() -> None:
    assert abilities("sandbox") == ()
