"""Versions of plugins in the database: what they are in one table, their bytes in parts in another."""

from __future__ import annotations

import base64
import binascii

from kagami.errors import Unavailable
from kagami.i18n import mark
from kagami.ports import PackageRow
from kagami.storage.engine import Engine

PART_BYTES = 1 << 20


class SqlPackages:
    """Implements `ports.Packages`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def rows(self) -> list[PackageRow]:
        return [PackageRow(*row) for row in await self._engine.fetch("packages")]

    async def content(self, row: PackageRow) -> bytes:
        found = bytearray()
        for part in range(-(-row.size // PART_BYTES)):
            texts = await self._engine.fetch("package_part", {"sha256": row.sha256, "part": part})
            try:
                found += base64.b64decode(texts[0][0], validate=True)
            except (IndexError, binascii.Error):
                what = f"{row.plugin} {row.version}"
                raise Unavailable(what=what, reason=mark("a part of it is missing in the database")) from None
        return bytes(found)

    async def put(self, row: PackageRow, content: bytes) -> None:
        # One after the other: what else is to be written has its turn. Nobody looks at them before the row is there.
        for part, begin in enumerate(range(0, len(content), PART_BYTES)):
            text = base64.b64encode(content[begin : begin + PART_BYTES]).decode()
            await self._engine.write("package_parts", {"parts": [(row.sha256, part, text)]})
        await self._engine.write("packages", {"packages": [tuple(row)]}, durable=True)

    async def remove(self, row: PackageRow) -> None:
        await self._engine.write("packages", {"packages": [tuple(row)], "dropped": [row.sha256]}, durable=True)
