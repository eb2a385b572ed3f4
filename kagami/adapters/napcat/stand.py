"""The files that run a NapCat beside Kagami on one machine, and the `[[bots]]` table that goes with them.

The container shares the machine's network: NapCat reaches the gateway on loopback, and its WebUI is on loopback too, so
that nothing is open to others. File names and keys by NapCat's own documentation, https://napneko.github.io/config.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from kagami.adapters.napcat.codec import client_entry

IMAGE = "mlikiowa/napcat-docker:v4.18.13"
WEBUI_PORT = 6099
FOLDER = "napcat"
COMPOSE = "docker-compose.yml"
_COMPOSE = """\
# {explained}
services:
  napcat:
    image: {image}
    network_mode: host
    restart: unless-stopped
    environment:
      NAPCAT_UID: "{user}"
      NAPCAT_GID: "{group}"
    volumes:
      - ./config:/app/napcat/config
      - ./qq:/app/.config/QQ
"""


class Stand(NamedTuple):
    """`files` are texts by their path in the folder; `bot` is the table."""

    files: dict[str, str]
    bot: dict[str, Any]


def stand(
    gateway_url: str, gateway_token: str, webui_token: str, *, user: int, group: int, explained: str, name: str = FOLDER
) -> Stand:
    """A NapCat that runs as this user and group, and connects to this gateway once its QQ has logged in."""
    onebot = {
        "network": {
            "httpServers": [],
            "httpSseServers": [],
            "httpClients": [],
            "websocketServers": [],
            "websocketClients": [client_entry(gateway_url, gateway_token)],
            "plugins": [],
        },
        "musicSignUrl": "",
        "enableLocalFile2Url": False,
        "parseMultMsg": False,
    }
    webui = {"host": "127.0.0.1", "port": WEBUI_PORT, "token": webui_token, "loginRate": 10}
    return Stand(
        {
            COMPOSE: _COMPOSE.format(explained=explained, image=IMAGE, user=user, group=group),
            "config/onebot11.json": f"{json.dumps(onebot, indent=2)}\n",
            "config/webui.json": f"{json.dumps(webui, indent=2)}\n",
        },
        {
            "kind": "napcat",
            "name": name,
            "webui_url": f"http://127.0.0.1:{WEBUI_PORT}",
            "webui_token": webui_token,
        },
    )
