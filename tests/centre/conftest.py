"""A settings desk on a real file and a real store, with parts that only remember what they were given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from kagami.centre.desk import SettingsDesk
from kagami.centre.history import History
from kagami.centre.seal import Seal
from kagami.clock import SystemClock
from kagami.config import Settings, load
from kagami.edits import FileEdits, file_to_edit
from kagami.engine.live import Live
from kagami.errors import SettingError
from kagami.home import Home, keep_secret
from kagami.meters import Meters
from kagami.net.supervise import Nursery
from kagami.storage.config import StoreConfig
from kagami.storage.store import open_store


class Stand:
    """`told` are the settings that the gateway was given; it refuses the port `taken`."""

    def __init__(self, desk: SettingsDesk, live: Live, file: FileEdits, history: History) -> None:
        self.desk = desk
        self.live = live
        self.file = file
        self.history = history
        self.told: list[Settings] = []
        self.taken = 0
        live.on(("gateway",), self._move, "reopen")

    @property
    def text(self) -> str:
        return self.file.path.read_bytes().decode()

    async def _move(self, wanted: Settings) -> None:
        if wanted.gateway.port == self.taken:
            raise SettingError(key="gateway.port", value=self.taken, origin="", reason="it is taken", fix="")
        self.told.append(wanted)


Open = Callable[..., AbstractAsyncContextManager[Stand]]


@pytest.fixture
def open_stand(tmp_path: Path) -> Open:
    """`open_stand(text, WS_PORT="1")`; without a text the file is as it was."""

    @asynccontextmanager
    async def opened(text: str | None = None, name: str = "kagami.toml", **environ: str) -> AsyncIterator[Stand]:
        home = Home(tmp_path / "home")
        home.path.mkdir(exist_ok=True)
        if text is not None:
            (home.path / name).write_bytes(text.encode())
        settings = load(home, environ=environ)
        live = Live(settings)
        async with (
            Nursery() as nursery,
            open_store(settings.database, clock=SystemClock(), meters=Meters(), config=StoreConfig()) as store,
        ):
            history = History(store, lambda: Seal(keep_secret(home, "settings_key")), kept=5)
            file = FileEdits(settings.file or file_to_edit(home.path, None))
            desk = SettingsDesk(file, live, history, nursery=nursery, clock=SystemClock(), translate=str)
            await desk.open(file.read())
            yield Stand(desk, live, file, history)

    return opened
