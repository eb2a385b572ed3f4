"""Kagami as its users run it: `kagami run` on SQLite, durable and traced, flood limits and pacing off."""

from __future__ import annotations

import os
import secrets
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from bench.machine import free_port

SETTINGS = """\
[gateway]
port = {port}
token = "{token}"

[web]
port = {web_port}

[limits]
user_per_minute = 0
chat_per_minute = 0

[pace]
account_per_second = 0
chat_per_second = 0
"""


def write_settings(home: Path, port: int = 0, token: str = "") -> None:
    port, token = port or free_port(), token or secrets.token_urlsafe(32)
    (home / "kagami.toml").write_text(SETTINGS.format(port=port, token=token, web_port=free_port()))


def kagami_command(home: Path, port: int, token: str) -> list[str]:
    write_settings(home, port, token)
    return [sys.executable, "-m", "kagami", "--home", str(home), "run"]


def environment() -> dict[str, str]:
    """Without settings that this shell may hold, and with Python's own way to keep what it has compiled."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("KAGAMI_", "PYTHON"))}


def kept(home: Path) -> dict[str, int]:
    """What the store holds after a run, by outcome and state: proof that the figures are of durable, traced work."""
    with closing(sqlite3.connect(f"file:{home / 'kagami.db'}?mode=ro", uri=True)) as store:
        traces = store.execute("SELECT 'traced ' || outcome, count(*) FROM traces GROUP BY 1").fetchall()
        sends = store.execute("SELECT 'send ' || state, count(*) FROM sends GROUP BY 1").fetchall()
        events = store.execute("SELECT 'events', count(*) FROM events").fetchall()
    return dict(events + traces + sends)
