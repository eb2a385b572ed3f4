"""What is forbidden and what follows: the operator's settings, and over them those that a group has made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from kagami.plugins.api import Settings

Language = Literal["zh", "en"]
Deed = Literal["warn", "delete", "mute", "kick"]
Count = Annotated[int, Meta(ge=0, le=1000)]
Seconds = Annotated[int, Meta(ge=1, le=3600)]
Notice = Annotated[str, Meta(max_length=500)]
# The longest that a platform mutes somebody.
MOST_MUTE_MINUTES = 30 * 24 * 60 - 1


class Rules(Settings):
    """0 switches a rule off."""

    language: Annotated[Literal["", "zh", "en"], Meta(description="Language of the answers; empty is Kagami's own")] = (
        ""
    )
    words: Annotated[tuple[str, ...], Meta(description="Forbidden words, in every group")] = ()
    action: Annotated[Deed, Meta(description="What follows when a rule is broken")] = "delete"
    flood_messages: Annotated[Count, Meta(description="Messages within flood_seconds that are a flood; 0 is off")] = 8
    flood_seconds: Annotated[Seconds, Meta(description="Seconds within which messages count for a flood")] = 10
    repeats: Annotated[Count, Meta(description="Times that somebody says the same until it counts; 0 is off")] = 4
    repeat_seconds: Annotated[Seconds, Meta(description="Seconds within which the same words count as repeats")] = 60
    links: Annotated[bool, Meta(description="Forbid links to all hosts but allowed_hosts")] = False
    allowed_hosts: Annotated[tuple[str, ...], Meta(description="Hosts to which links may lead, like example.com")] = ()
    mute_after: Annotated[Count, Meta(description="Warnings until somebody is muted; 0 is off")] = 3
    mute_minutes: Annotated[int, Meta(ge=1, le=MOST_MUTE_MINUTES, description="Minutes that somebody stays muted")] = 10
    kick_after: Annotated[Count, Meta(description="Mutes until somebody is removed; 0 is off")] = 0
    forget_days: Annotated[int, Meta(ge=1, description="Quiet days until warnings are forgotten")] = 7
    exempt_roles: Annotated[tuple[str, ...], Meta(description="Roles for which no rule counts")] = ("admin", "owner")
    welcome: Annotated[Notice, Meta(description="Said to who joins; {name} and {group} are replaced")] = ""
    farewell: Annotated[Notice, Meta(description="Said when somebody leaves; {name} and {group} are replaced")] = ""


# What the admins of a group may set for it.
OF_CHAT: Mapping[str, str] = {
    "action": "处理",
    "flood_messages": "刷屏条数",
    "flood_seconds": "刷屏秒数",
    "repeats": "重复条数",
    "links": "禁链接",
    "allowed_hosts": "允许网站",
    "mute_after": "几次禁言",
    "mute_minutes": "禁言分钟",
    "kick_after": "几次踢出",
    "welcome": "欢迎",
    "farewell": "送别",
}
_NAMES = {chinese: name for name, chinese in OF_CHAT.items()} | {name: name for name in OF_CHAT}
_DEEDS = dict(zip(("警告", "撤回", "禁言", "踢出"), get_args(Deed), strict=True))
_WORDS: Mapping[str, str] = {"on": "true", "开": "true", "off": "false", "关": "false"}


def name_of(word: str) -> str | None:
    """The rule of this name, in either language."""
    return _NAMES.get(word.casefold())


def read_rule(name: str, text: str) -> object:
    """What somebody wrote, as the rule's own type; `ValueError` for what does not fit."""
    given: object = text
    if name == "action":
        given = _DEEDS.get(text, text.casefold())
    elif name == "links":
        given = _WORDS.get(text.casefold(), text.casefold())
    elif name == "allowed_hosts":
        given = [each.casefold() for each in text.replace(",", " ").replace("，", " ").split()]
    try:
        rules = msgspec.convert({name: given}, Rules, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    return msgspec.to_builtins(rules)[name]


def with_own(rules: Rules, own: Mapping[str, object]) -> Rules:
    """The operator's rules with those of one group over them. One that does not read any more is left out."""
    plain = msgspec.to_builtins(rules)
    for name, value in own.items():
        try:
            msgspec.convert({name: value}, Rules)
        except msgspec.ValidationError:
            continue
        plain[name] = value
    return msgspec.convert(plain, Rules)
