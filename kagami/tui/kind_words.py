"""What a person has to know of each kind of bots beforehand: what it is, what it needs, and where to get that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kagami.i18n import mark
from kagami.ports import BotKind


@dataclass(frozen=True, slots=True)
class KindWords:
    """`keys` say where to get each key of the kind. `login` is the key without which it has no login, `*` for none.

    All texts are marked English.
    """

    name: str
    needs: str
    keys: tuple[tuple[str, str], ...] = ()
    login: str = ""

    def logs_in(self, values: dict[str, Any]) -> bool:
        """Whether a bot with these keys has to log in after it was added."""
        return self.login == "*" or bool(self.login and values.get(self.login))


WORDS = {
    "napcat": KindWords(
        mark("QQ by NapCat"),
        mark("NapCat's WebUI: address and token; scan a code"),
        (
            ("webui_url", mark("NapCat prints it when it starts: http://its-host:6099.")),
            ("webui_token", mark("In NapCat's webui.json, or in the first lines that it prints.")),
            ("url", mark("NapCat's WebSocket server; empty lets NapCat connect to Kagami's gateway.")),
            ("token", mark("The token of NapCat's WebSocket server.")),
        ),
        "webui_url",
    ),
    "weixin": KindWords(
        mark("WeChat (official iLink)"),
        mark("nothing but your phone: scan a code"),
        (("api_url", mark("Leave it as it is.")),),
        "*",
    ),
    "wxbot": KindWords(
        mark("WeChat by WxBot"),
        mark("WxBot's WebSocket; its panel for the code"),
        (
            ("url", mark("WxBot's WebSocket server, usually ws://its-host:3001.")),
            ("token", mark("The token in WxBot's network settings, where there is one.")),
            ("panel_url", mark("WxBot's page with the QR code, usually http://its-host:5000.")),
        ),
        "panel_url",
    ),
    "telegram": KindWords(
        mark("Telegram"),
        mark("a bot token from @BotFather"),
        (
            ("token", mark("In Telegram: write /newbot to @BotFather; it answers with 123456:ABC…")),
            ("proxy", mark("Where Telegram cannot be reached: http:// or socks5://host:port.")),
        ),
    ),
    "dingtalk": KindWords(
        mark("DingTalk"),
        mark("AppKey and AppSecret of an app with a robot"),
        (
            ("client_id", mark("open-dev.dingtalk.com: your application, Credentials, Client ID (AppKey).")),
            ("client_secret", mark("On the same page: Client Secret (AppSecret). The robot receives by Stream mode.")),
        ),
    ),
    "feishu": KindWords(
        mark("Feishu or Lark"),
        mark("App ID and App Secret of an app with a bot"),
        (
            ("app_id", mark("open.feishu.cn: your application, Credentials & Basic Info, App ID (cli_…).")),
            ("app_secret", mark("On the same page. Events come by long connection: choose that in the console.")),
            ("api_url", mark("For Lark: https://open.larksuite.com.")),
        ),
    ),
    "kook": KindWords(
        mark("KOOK"),
        mark("a bot token of the developers' page"),
        (("token", mark("developer.kookapp.cn: your application, Bot, Token; connection mode WebSocket.")),),
    ),
    "onebot11": KindWords(
        mark("OneBot 11 server"),
        mark("its WebSocket address: Kagami connects to it"),
        (
            ("url", mark("The WebSocket server in the implementation's network settings: ws://host:3001.")),
            ("token", mark("The token of that server; empty where it asks for none.")),
        ),
    ),
}
SHARED = ("name", "enabled", "pace", "call_seconds")


def words_of(kind: str) -> KindWords:
    return WORDS.get(kind) or KindWords(kind, mark("see its settings"))


def may_log_in(kind: str) -> bool:
    """Whether bots of a kind may have a login; of an unknown one the engine knows."""
    return kind not in WORDS or bool(WORDS[kind].login)


def ordered(kinds: list[BotKind]) -> list[BotKind]:
    """As in `WORDS`, those it does not know at the end."""
    places = list(WORDS)
    return sorted(kinds, key=lambda each: places.index(each.kind) if each.kind in places else len(places))


def key_text(kind: str, key: str, shipped: str) -> str:
    """Where to get a key, else what it is for."""
    return dict(words_of(kind).keys).get(key, shipped)


def rank(kind: BotKind, key: str) -> tuple[bool, bool, int]:
    """Where a key stands: what has to be given first, what every kind has last, else as it is told of in `WORDS`."""
    told = [name for name, _ in words_of(kind.kind).keys]
    shared = key.partition(".")[0] in SHARED
    return shared, key not in kind.required, told.index(key) if key in told else len(told)
