from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from kagami.centre.standing import put_napcat
from kagami.config import Settings, load
from kagami.errors import Conflict, Refused
from kagami.home import Home


def settings(home: Path, **environ: str) -> Settings:
    return load(Home(home), environ=environ)


def test_the_files_are_for_the_owner_alone(tmp_path: Path) -> None:
    folder, made = put_napcat(settings(tmp_path), str)
    for name, text in made.files.items():
        path = folder / name
        assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (text, 0o600)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_it_knows_this_gateway(tmp_path: Path) -> None:
    given = settings(tmp_path, WS_PORT="3005")
    folder, _ = put_napcat(given, str)
    (client,) = json.loads((folder / "config" / "onebot11.json").read_text())["network"]["websocketClients"]
    assert (client["url"], client["token"]) == (given.gateway_url, given.gateway.token.reveal())


def test_what_is_there_is_kept_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    given = settings(tmp_path)
    before = put_napcat(given, str)[1].bot["webui_token"]
    with pytest.raises(Conflict, match="already there"):
        put_napcat(given, str)
    assert json.loads((tmp_path / "napcat" / "config" / "webui.json").read_text())["token"] == before
    assert put_napcat(given, str, force=True)[1].bot["webui_token"] != before


def test_a_gateway_without_a_fixed_port_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"gateway\.port"):
        put_napcat(settings(tmp_path, WS_PORT="0"), str)
