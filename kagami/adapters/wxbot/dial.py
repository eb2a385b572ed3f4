"""Tries WxBot from outside the engine: its OneBot connection, which says what its panel would."""

from __future__ import annotations

from collections.abc import Iterator

from kagami.adapters.onebot11.config import OneBot11Config
from kagami.adapters.onebot11.dial import dial as dial_onebot
from kagami.adapters.wxbot.config import WxBotConfig
from kagami.i18n import Translate
from kagami.ports import Finding


def dial(bot: WxBotConfig, subject: str, t: Translate) -> Iterator[Finding]:
    """What was found on the way to the bot; the last one says which account it is, or what stands in the way."""
    yield from dial_onebot(OneBot11Config(url=bot.url, token=bot.token), subject, t)
