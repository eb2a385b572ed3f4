from __future__ import annotations

import subprocess
import sys

from kagami.plugins import api


def test_every_name_that_is_promised_is_there() -> None:
    assert [name for name in api.__all__ if name not in vars(api)] == []


def test_what_authors_import_loads_no_server_no_driver_and_no_screen() -> None:
    code = "import sys, kagami.plugins.api; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"aiohttp", "websockets", "sqlite3", "textual", "rich", "prometheus_client", "psutil", "click"}
    assert heavy.isdisjoint(done.stdout.split())
