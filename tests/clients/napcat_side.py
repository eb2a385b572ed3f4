"""ncatbot's client of NapCat's WebUI: `python napcat_side.py PORT TOKEN ACCOUNT`, in an environment of its own.

What runs is what was published: https://pypi.org/project/ncatbot/ 4.4.1.post1, `ncatbot.core.adapter.nc.login`. A JSON
line on standard input names one of its functions; what that returns goes out as a JSON line on standard output.
"""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO


def handler(port: int, token: str, account: str) -> Any:
    from ncatbot.core.adapter.nc.login import LoginHandler  # noqa: PLC0415 (reads and writes files when imported)
    from ncatbot.utils import ncatbot_config  # noqa: PLC0415

    ncatbot_config.bt_uin = account
    ncatbot_config.napcat.webui_host = "127.0.0.1"
    ncatbot_config.napcat.webui_port = port
    ncatbot_config.napcat.webui_token = token
    return LoginHandler()


def main(port: int, token: str, account: str, out: TextIO) -> None:
    client = handler(port, token, account)
    functions = {
        "check_login_status": client.check_login_status,
        "get_quick_login": client.get_quick_login,
        "send_quick_login_request": client.send_quick_login_request,
        "get_qrcode_url": client.get_qrcode_url,
        "get_qq_login_info": client.get_qq_login_info,
        "report_login_status": client.report_login_status,
        "login": client.login,
    }
    for line in sys.stdin:
        out.write(json.dumps(functions[json.loads(line)](), ensure_ascii=False) + "\n")
        out.flush()


if __name__ == "__main__":
    answers, sys.stdout = sys.stdout, sys.stderr  # the package prints its log and its QR codes
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], answers)
