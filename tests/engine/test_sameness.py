"""Processes on one PostgreSQL have to make the same secrets."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from kagami.config import load
from kagami.engine import Engine
from kagami.engine.sameness import CLUSTER, KEY, fingerprint
from kagami.errors import SettingError
from kagami.home import Home
from tests.engine.running import engine

SECRET = "kQ7v_nR2mZpX4tL8sYb1cWdE6uGhJ9fA3oViT5xK"
OTHER = "zW3v_nR2mZpX4tL8sYb1cWdE6uGhJ9fA3oViT5xK"
Start = Callable[[str, str], AbstractAsyncContextManager[Engine]]


@pytest.fixture
def start(tmp_path: Path, postgres_url: str) -> Start:
    """An engine by name and secret."""

    def begin(name: str, secret: str) -> AbstractAsyncContextManager[Engine]:
        given = {"KAGAMI_CLUSTER__SECRET": secret} if secret else {}
        return engine(tmp_path / name, KAGAMI_STORE__URL=postgres_url, KAGAMI_CLUSTER__NODE=name, **given)

    return begin


@pytest.mark.parametrize("secret", [OTHER, ""])
async def test_who_has_other_secrets_than_the_others_is_refused(start: Start, secret: str) -> None:
    async with start("one", SECRET):
        with pytest.raises(SettingError) as refused:
            async with start("two", secret):
                pass
    assert (refused.value.exit_code, refused.value.details["key"]) == (78, "cluster.secret")
    assert "one" in str(refused.value)


async def test_who_is_alone_may_have_new_secrets(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with start("one", SECRET):
        pass
    async with start("two", OTHER) as two:
        kept = await two.parts.store.get(CLUSTER, KEY)
    assert kept == f'"{fingerprint(load(Home(tmp_path / "two"), environ={"KAGAMI_CLUSTER__SECRET": OTHER}))}"'
    assert "the secrets are others than before" in caplog.text


async def test_the_fingerprint_is_of_the_secret_alone(tmp_path: Path) -> None:
    homes = [load(Home(tmp_path / each), environ={"KAGAMI_CLUSTER__SECRET": SECRET}) for each in ("a", "b")]
    assert fingerprint(homes[0]) == fingerprint(homes[1])
    assert fingerprint(homes[0]) != fingerprint(load(Home(tmp_path / "c"), environ={}))
