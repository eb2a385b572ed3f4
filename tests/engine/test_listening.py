from __future__ import annotations

import errno
import socket
from pathlib import Path

import pytest

from kagami.config import Settings, load
from kagami.engine.listening import told
from kagami.errors import SettingError
from kagami.home import Home


def settings(home: Path, **environ: str) -> Settings:
    return load(Home(home), environ={f"KAGAMI_{key}": value for key, value in environ.items()})


@pytest.mark.parametrize(("section", "name"), [("gateway", "WS_PORT"), ("web", "WEBUI_PORT")])
def test_a_port_that_is_taken_is_named_with_its_variable(tmp_path: Path, section: str, name: str) -> None:
    with pytest.raises(SettingError, match=name) as caught, told(settings(tmp_path), section):
        raise OSError(errno.EADDRINUSE, "taken")
    assert caught.value.details["key"] == f"{section}.port"


def test_a_host_that_is_not_ours_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught, told(settings(tmp_path), "web"):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    assert caught.value.details["key"] == "web.host"


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("localhost", "127.0.0.1")],  # noqa: S104
)
def test_the_address_is_what_an_implementation_on_this_machine_dials(tmp_path: Path, host: str, shown: str) -> None:
    given = settings(tmp_path, GATEWAY__HOST=host, GATEWAY__PORT="3005")
    assert given.gateway_url == f"ws://{shown}:3005/onebot/v11/ws"
