"""Plugins in every state that matters, as the engine would list them."""

from __future__ import annotations

from typing import Any

from kagami.ports import Field, PluginRow, ReloadRow, VersionRow
from tests.tui.engine import NOW_MS, FakeControl

DAY = 86_400_000
TRACEBACK = (
    "Traceback (most recent call last):\n"
    + "".join(
        f'  File "plugins/stocks/0.3.1/stocks/part{number}.py", line {number * 7}, in step\n    call_{number}()\n'
        for number in range(1, 10)
    )
    + "ModuleNotFoundError: No module named 'pandas'"
)
SURVIVORS = ("task poll() from ai_chat/main.py:41", "file /tmp/cache.db from ai_chat/store.py:12")


def version(name: str, state: Any, **values: Any) -> VersionRow:
    age = values.pop("days", 6)
    return VersionRow(name, state, since_ms=NOW_MS - age * DAY, **values)


def plugin(ident: str, name: str = "", state: str = "active", **values: Any) -> PluginRow:
    """A plugin whose only version serves, unless `versions` are given."""
    own = values.pop("own", "1.0.0")
    if "versions" not in values:
        figures = {"events": values.get("handled", 0), "errors": values.get("failed", 0)}
        values["versions"] = (version(own, "active", p95_ms=values.get("p95_ms", 0.0), **figures),)
    return PluginRow(ident, own, name or ident, state, **values)


def weather(weight: int = 25, **values: Any) -> PluginRow:
    """A canary beside its stable version."""
    return plugin(
        "com.example.weather", "weather", own="1.3.2", canary="1.4.0", weight=weight, handled=44_204, failed=59,
        p95_ms=45.0, description="Says how the weather is, and how it will be.", author="ann",
        permissions=("http:api.example.com", "store"), commands=("/weather", "天气"),
        versions=(
            version("1.4.0", "canary", weight=weight, events=2_104, errors=17, p95_ms=52.0, open=1, days=0,
                    digest="9c1e00aa51", signer="ed25519:ann"),
            version("1.3.2", "active", events=42_100, errors=42, p95_ms=41.0, open=3, digest="41aa7c11",
                    signer="ed25519:ann"),
            version("1.3.1", "standby", days=21, digest="07d2c0ff"),
            version("1.2.0", "standby", days=60, digest="e55b1234"),
        ), **values,
    )  # fmt: skip


def plugins() -> list[PluginRow]:
    """A canary, a failed one, a quarantined one, one that leaks, one that is off, and the built-in ones."""
    broken = (
        version("0.3.1", "failed", error=TRACEBACK, days=0),
        version("0.3.0", "standby", days=9),
    )
    leaky = (
        version("5.0.2", "active", events=18_000, errors=110, p95_ms=1_900.0, days=0),
        version("5.0.1", "draining", events=900, open=2, survivors=SURVIVORS, days=1),
    )
    held = (version("3.1.0", "quarantined", events=900, errors=31, p95_ms=2_100.0, open=4, days=0,
                    error="It held up everything 3 times within 10 min, last for 2.1 s."),)  # fmt: skip
    return [
        plugin("help", builtin=True, handled=31, p95_ms=0.9),
        plugin("echo", builtin=True, handled=412, p95_ms=0.4),
        weather(),
        plugin("stocks", state="failed", own="0.3.1", error=TRACEBACK, versions=broken),
        plugin("translate", state="quarantined", own="3.1.0", handled=900, failed=31, p95_ms=2_100.0, versions=held),
        plugin("ai-chat", own="5.0.2", handled=18_900, failed=110, p95_ms=1_900.0, versions=leaky, runtime="process"),
        plugin("music", state="disabled", own="1.1.4"),
        plugin("骰子", own="0.9.0", handled=12_000, p95_ms=1.2),
        plugin("welcome", handled=1_020, failed=1, p95_ms=1.0),
    ]


FORM = [
    Field("units", "choice", "metric", "metric", choices=("metric", "imperial"), text="Units of the answers"),
    Field("max_days", "int", 7, 7, text="Days of a forecast", least=1, most=14),
    Field("timeout", "float", 2.5, 8.0, text="Seconds to wait", least=0.1, most=60, origin="kagami.toml"),
    Field("verbose", "bool", False, False, text="Say where the figures come from"),
    Field("cities", "list", ["北京", "上海"], [], text="Cities of the morning report", origin="kagami.toml"),
    Field("api_key", "text", "k-123", None, required=True, origin="environment KAGAMI_PLUGINS__SETTINGS"),
]  # fmt: skip


def reloaded(ident: str, old: str = "1.3.2", new: str = "1.4.0", **values: Any) -> ReloadRow:
    return ReloadRow(ident, old, new, **values)


def plugged(rows: list[PluginRow] | None = None) -> FakeControl:
    """An engine with these plugins; what changes them is only recorded."""
    control = FakeControl()
    control.plugins = plugins() if rows is None else rows
    return control
