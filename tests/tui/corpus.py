"""What people write to drive a terminal, a markup parser or a person's eye: shown, never obeyed."""

from __future__ import annotations

ESCAPES = (
    "\x1b]0;owned\x07title",
    "\x1b]2;owned\x1b\\title",
    "\x1b]8;;http://evil.example/\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;b3duZWQ=\x07clipboard",
    "\x1b]52;c;b3duZWQ=",  # never ended
    "\x1b]1337;File=name=eA==:AAAA\x07",
    "\x1b]10;?\x1b\\colour",
    "\x1b[2J\x1b[H\x1b[31mcleared\x1b[0m",
    "\x1b[6n\x1b[c\x1b[>c\x1b[5n",
    "\x1b[?1049l\x1b[?1000h\x1b[?25l",
    "\x1b[3;3Hcursor\x1b[10A",
    "\x1bc\x1b7\x1b8\x1b#8\x1b(0",
    '\x1bP$q"p\x1b\\dcs',
    "\x1bPtmux;\x1b\x1b]52;c;b3duZWQ=\x07\x1b\\",
    "\x1b_Ga=T;AAAA\x1b\\apc",
    "\x1b^pm\x1b\\",
    "\x1bXsos\x1b\\",
    "\x1b\x1b\x1b[[[",
    "half an escape \x1b",
    "half a sequence \x1b[38;2;1",
)
EIGHT_BIT = (
    "\x9b2J\x9b31m8-bit",
    "\x9d52;c;b3duZWQ=\x9c",
    "\x90$q\x9c",
    "\x9fapc\x9c",
    "\x9epm\x9c",
    "\x98sos\x9c",
    "\x85\x84\x8d\x8e\x8f",
    "".join(map(chr, range(0x80, 0xA0))),
)
CONTROLS = ("".join(map(chr, range(32))) + "\x7f", "bell\x07\x07\x07", "a\rb\x08c\x0bd\x0ce", "tab\tand\nline\r\nends")
UNSEEN = (
    "gpj.\u202eexe",
    "\u202d\u202e\u202a\u202b\u202c\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    "ad\u200bm\u200ci\u2060n\ufeff\u00ad",
    "admin\U000e0041\U000e0042\U000e007f",
    "lines\u2028and\u2029paragraphs",
    "lone \ud800 and \udfff",
    "\u3164\u115f\u1160\uffa0 blank",
    "z" + "\u0301" * 10_000,
    "👨\u200d👩\u200d👧\u200d👦" * 100,
    "❤\ufe0f\ufe0f\ufe0f 🇨🇳🇨 👍🏽🏽",
)
MARKUP = (
    "[/",
    "[/]",
    "[/x]",
    "[b]bold[/b]",
    "[red]not red[/red]",
    "[@click=app.quit]quit[/]",
    "[@click=app.act('app.quit')]quit[/]",
    "[link=http://evil.example/]link[/link]",
    "[$x]",
    "[$error]x[/]",
    "\\[b]",
    "[" * 10_000,
    "[b]" * 3_000,
    "{0.__class__} {x} %s %(y)s ${z}",
    "<red>loguru</red>",
)
LONG = ("x" * 100_000, "字" * 100_000, "\x1b[31m" * 20_000, " " * 100_000 + "end")
HUGE = "\x1b]52;c;" + "字" * 10_000_000

CORPUS: tuple[str, ...] = (*ESCAPES, *EIGHT_BIT, *CONTROLS, *UNSEEN, *MARKUP, *LONG)
