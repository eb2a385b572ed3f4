from __future__ import annotations

import json
import re

from kagami.adapters.napcat.stand import COMPOSE, stand

MADE = stand("ws://127.0.0.1:3001/onebot/v11/ws", "gateway token", "webui token", user=1000, group=1001, explained="x")


def test_napcat_is_told_to_connect_to_the_gateway() -> None:
    (client,) = json.loads(MADE.files["config/onebot11.json"])["network"]["websocketClients"]
    assert (client["enable"], client["url"], client["token"], client["messagePostFormat"]) == (
        True,
        "ws://127.0.0.1:3001/onebot/v11/ws",
        "gateway token",
        "array",
    )


def test_its_page_is_on_loopback_and_has_the_tables_token() -> None:
    webui = json.loads(MADE.files["config/webui.json"])
    assert (webui["host"], webui["token"]) == ("127.0.0.1", "webui token")
    assert MADE.bot["webui_url"] == f"http://127.0.0.1:{webui['port']}"
    assert MADE.bot["webui_token"] == "webui token"


def test_the_compose_file_pins_the_image_and_holds_no_secret() -> None:
    text = MADE.files[COMPOSE]
    assert re.search(r"^    image: [a-z/-]+:v[0-9.]+$", text, re.MULTILINE)
    assert '      NAPCAT_UID: "1000"\n      NAPCAT_GID: "1001"\n' in text
    assert "token" not in text
