from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import textual.app
import textual.pilot
import textual.screen

from kagami.tui.browser import forget_ended
from tests.tui.quiet import FRAME_S, quiet


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """No app outlives its test: whoever collects garbage later would walk through the painted cells of all of them."""
    yield
    forget_ended()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever drives an app goes on as soon as the app has nothing left to do."""
    monkeypatch.setattr(textual.app, "wait_for_idle", quiet)
    monkeypatch.setattr(textual.pilot, "wait_for_idle", quiet)
    monkeypatch.setattr(textual.screen, "UPDATE_PERIOD", FRAME_S)


@pytest.fixture(autouse=True)
def _somewhere(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Every test runs in one time zone, with a state folder of its own and no colour switches of the machine's."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
