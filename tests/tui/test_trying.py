from __future__ import annotations

from pathlib import Path

import pytest

from kagami.errors import UsageError
from kagami.tui import trying
from kagami.tui.trying import embedded


async def test_a_picture_is_read_from_this_machine_and_not_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"\x89PNG")
    assert await embedded(str(picture)) == "base64://iVBORw=="
    with pytest.raises(UsageError, match="no-such"):
        await embedded(str(tmp_path / "no-such"))
    monkeypatch.setattr(trying, "LARGEST", 3)
    with pytest.raises(UsageError, match="8 MB"):
        await embedded(str(picture))
