"""Every kind of `[[bots]]`: its table, and the module that opens one. Adding a platform adds a line here."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from kagami.adapters.dingtalk.config import DingTalkConfig
from kagami.adapters.feishu.config import FeishuConfig
from kagami.adapters.kook.config import KookConfig
from kagami.adapters.napcat.config import NapCatConfig
from kagami.adapters.onebot11.config import OneBot11Config
from kagami.adapters.telegram.config import TelegramConfig
from kagami.adapters.weixin.config import WeixinConfig
from kagami.adapters.wxbot.config import WxBotConfig
from kagami.i18n import Translate
from kagami.model.ability import Ability

if TYPE_CHECKING:
    from kagami.adapters.kit import Kit
    from kagami.ports import Adapter, Finding

BotConfig = (
    OneBot11Config
    | NapCatConfig
    | WeixinConfig
    | WxBotConfig
    | TelegramConfig
    | DingTalkConfig
    | FeishuConfig
    | KookConfig
)


def kind_of(config: BotConfig) -> str:
    return str(config.__struct_config__.tag)


def open_bot(config: BotConfig, kit: Kit, before: Adapter | None = None) -> Adapter:
    """The connection of one table; `before` is the one that it replaces, for what that knows of the account."""
    opened: Adapter = import_module(f"kagami.adapters.{kind_of(config)}.link").open_bot(config, kit, before)
    return opened


def dial(config: BotConfig, subject: str, t: Translate) -> Iterator[Finding]:
    """Try a table from outside the engine, one step after the other; the last finding says what stands in the way."""
    findings: Iterator[Finding] = import_module(f"kagami.adapters.{kind_of(config)}.dial").dial(config, subject, t)
    return findings


def abilities(adapter: str) -> tuple[Ability, ...]:
    """What a platform lets its bots do; nothing is said of the sandbox."""
    if adapter == "sandbox":
        return ()
    known: tuple[Ability, ...] = import_module(f"kagami.adapters.{adapter}.abilities").ABILITIES
    return known
