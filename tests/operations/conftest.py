"""What all tests of operations share: the parts of an engine, of which a test gives only those it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import pytest

from kagami.core.privacy.desk import PrivacyDesk
from kagami.engine.alone import Nobody
from kagami.model.principal import Principal
from kagami.ports import NodeRow, Parts, StorePut


class FixedClock:
    """Always the same moment."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def wall_ms(self) -> int:
        return self.now_ms


class AuditStore:
    """Remembers what was written to the audit."""

    def __init__(self) -> None:
        self.audits: list[tuple[int, str, str, str, str]] = []
        self.kept: dict[tuple[str, str], str] = {}

    async def audit(
        self,
        at_ms: int,
        principal: Principal,
        operation: str,
        target: str,
        result: str,
        writes: Sequence[StorePut] = (),
    ) -> None:
        if result == "begun":
            return
        self.audits.append((at_ms, principal.name, operation, target, result))
        for each in writes:
            if each.value is None:
                self.kept.pop((each.plugin, each.key), None)
            else:
                self.kept[each.plugin, each.key] = each.value

    async def get(self, plugin: str, key: str) -> str | None:
        return self.kept.get((plugin, key))

    async def items(self, plugin: str, prefix: str = "") -> dict[str, str]:
        rows = sorted(self.kept.items())
        return {key: value for (owner, key), value in rows if owner == plugin and key.startswith(prefix)}


class OneProcess:
    """A cluster of nobody else."""

    patience_s = 60.0
    calling = Nobody()

    def rows(self) -> list[NodeRow]:
        return []


@pytest.fixture
def make_parts() -> Callable[..., Parts]:
    def make(**given: Any) -> Parts:
        parts: dict[str, Any] = dict.fromkeys(field.name for field in fields(Parts))
        parts |= {"clock": FixedClock(1_764_000_000_000), "store": AuditStore(), "privacy": PrivacyDesk()}
        parts |= {"cluster": OneProcess()}
        return Parts(**parts | given)

    return make
