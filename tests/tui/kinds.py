"""One bot of each kind, each in a state of its own, with the reasons that adapters give."""

from __future__ import annotations

from kagami.ports import BotRow
from tests.tui.engine import NOW_MS, bot


def one_of_each() -> list[BotRow]:
    return [
        bot("shiori", "qq:10001000", "napcat", "auth_failed", since_s=240,
            reason="nobody is logged in to QQ there: scan the code (Bots, l, or kagami bots login)"),
        bot("微信助手", "weixin:wxid_7f3a", "weixin", "connecting", since_s=2),
        bot("wx-panel", "wechat:wxid_9", "wxbot", "auth_failed", since_s=75,
            reason="WxBot says that its account is logged out: scan its code"),
        bot("tg-mirror", "telegram:5510", "telegram", "auth_failed", since_s=3_600,
            reason="api.telegram.org refuses our credentials: Unauthorized (401). Copy the token anew from BotFather, "
            "bots.token"),
        bot("ding-ops", "dingtalk:dingabcdef012345", "dingtalk", "backoff", since_s=12, reconnects=31,
            reason="wss-open-connection.dingtalk.com cannot be reached: the name server does not answer; "
            "next try in 41 s"),
        bot("飞书-人事", "feishu:cli_a1b2c3d4e5f6", "feishu", "silent", since_s=9_400, received=912, sent=250, failed=1,
            in_per_s=0.4, out_per_s=14, p95_ms=88, last_event_ms=NOW_MS - 94_000,
            reason="no frame for 94 s, usually every 3 s"),
        bot("kook-jp", "kook:3312", "kook", "crash_loop", since_s=31, reconnects=12,
            reason="the connection ended 5 times within 60 s of its beginning: 40107 session too old for a resume"),
        bot("old-server", "onebot11:old-server", "onebot11", "stopped", reason="paused by an operator"),
        bot("tanuki", "qq:10002000", "napcat", "online", since_s=530_000, received=98_114, sent=90_211, in_per_s=182,
            out_per_s=171, p95_ms=38, peer="127.0.0.1:53122", rtt_ms=3.2, last_event_ms=NOW_MS - 400, reconnects=2),
    ]  # fmt: skip
