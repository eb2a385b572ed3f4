from __future__ import annotations

from pathlib import Path

import pytest

from kagami.engine.conversations import ConversationFolder
from kagami.errors import NotFound, Unavailable


async def test_a_conversation_is_a_text_file_of_its_name(tmp_path: Path) -> None:
    kept = ConversationFolder(tmp_path / "sandbox")
    assert await kept.rows() == []
    row = await kept.write("weather", "> 天气\n")
    assert await kept.rows() == [row]
    assert Path(row.path).read_text("utf-8") == await kept.read("weather") == "> 天气\n"  # noqa: ASYNC240
    await kept.write("weather", "> other\n")
    assert await kept.read("weather") == "> other\n"


async def test_what_is_not_there_or_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await ConversationFolder(tmp_path).read("nothing")
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable):
        await ConversationFolder(tmp_path / "file").write("a", "b")
