"""Every text that a user sees, in English (the key) and Chinese (`locale/zh/LC_MESSAGES/kagami.po`).

A text is written in English at the place that shows it and goes through a `Translate`. Where a table is made at
import time, `mark` keeps the text findable for the extractor and the reader translates it when it is shown.
"""

from __future__ import annotations

import gettext
import locale
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

Translate = Callable[[str], str]
LANGUAGES = ("en", "zh")


def mark(text: str) -> str:
    """Name a text for translation without translating it yet."""
    return text


@cache
def translator(language: str) -> Translate:
    """The `Translate` for a language; English is the identity. Reads a compiled catalogue once."""
    if language == "en":
        return str
    folder = Path(__file__).parent / "locale"
    catalogue = gettext.translation("kagami", folder, languages=[language], fallback=True)
    # A catalogue keeps its own header under the empty text.
    return lambda text: catalogue.gettext(text) if text else ""


def choose(wanted: str | None, environ: Mapping[str, str]) -> str:
    """`wanted` when it is given, else the language of the environment (LC_ALL, LC_MESSAGES, LANG), else English."""
    for value in (wanted, environ.get("LC_ALL"), environ.get("LC_MESSAGES"), environ.get("LANG")):
        if value:
            name = locale.normalize(value).lower()
            return "zh" if name.startswith("zh") else "en"
    return "en"
