"""The `kagami.toml` that `kagami init` writes: every key with its default, commented out."""

from __future__ import annotations

from kagami.i18n import Translate, mark

# Comment lines start with "#"; an empty text is an empty line; everything else is TOML.
_TEXT = (
    mark("Settings of Kagami. A line that starts with # shows a default; remove the # to change it."),
    mark("The environment overrides this file: KAGAMI_GATEWAY__PORT=3002 sets gateway.port."),
)
_SECTIONS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "",
        mark("All of Kagami"),
        (
            ('language = "en"', mark("en or zh; without it, the language of the terminal")),
            ('prefix = "/"', mark("what commands in chats begin with")),
            ('admins = ["qq:10001"]', mark("who may use # commands: platform:user id")),
        ),
    ),
    (
        "gateway",
        mark("OneBot 11 implementations (NapCat, LLOneBot, Lagrange) connect here"),
        (
            ('host = "127.0.0.1"', mark("another address lets other machines in and needs a strong token")),
            ("port = 3001", ""),
            ('token = ""', mark("without it, secrets/gateway_token, which is generated")),
            ("query_token = false", mark("true also accepts ?access_token= in the address")),
        ),
    ),
    (
        "web",
        mark("Health and metrics"),
        (('host = "127.0.0.1"', ""), ("port = 5000", "")),
    ),
    (
        "limits",
        mark("Floods that come in; 0 turns a limit off"),
        (("user_per_minute = 60", ""), ("chat_per_minute = 600", "")),
    ),
    (
        "store",
        mark("How long messages and traces are kept; 0 keeps all"),
        (("keep_days = 365", ""), ("keep_mb = 2048", mark("MiB of content"))),
    ),
    (
        "plugins",
        mark("Where plugins live; without it, the folder plugins beside this file"),
        (('dir = "/srv/kagami/plugins"', ""),),
    ),
    (
        "privacy",
        mark("Private things in logs, traces, plugins' processes and language models"),
        (("enabled = false", mark("true replaces them by placeholders such as [phone-1]")),),
    ),
    ("log", "", (('level = "info"', mark("debug, info, warning or error")),)),
)
_BOT = (
    mark("A bot that Kagami connects to. One that connects to the gateway needs no table."),
    '[[bots]]\nkind = "onebot11"\nname = "my bot"\nurl = "ws://127.0.0.1:3002"\ntoken = "…"',
)


def write_template(t: Translate) -> str:
    """The file's text in the language of `t`."""
    lines = [f"# {t(text)}" for text in _TEXT]
    for name, title, keys in _SECTIONS:
        lines += ["", *([f"# {t(title)}"] if title else []), *([f"[{name}]"] if name else [])]
        lines += [f"# {line}" + (f"  # {t(note)}" if note else "") for line, note in keys]
    note, table = _BOT
    return "\n".join([*lines, "", f"# {t(note)}", *(f"# {line}" for line in table.splitlines()), ""])
