from __future__ import annotations

import re
import time

import pytest

from kagami.i18n import translator
from kagami.reasons.say import LONGEST, say
from kagami.reasons.texts import TEMPLATES

ZH = translator("zh")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the connection was refused; next try in 4 s", "连接被拒绝；4 秒后重试"),
        (
            "api.telegram.org cannot be reached: the name is not known; next try in 16 s",
            "无法连接到 api.telegram.org：没有这个名称；16 秒后重试",
        ),
        ("qq:1 is not connected: paused by an operator", "qq:1 没有连接：已被操作员暂停"),
        ("2 of 3 parts were sent, then: Feishu declines: it is too long (code 230025)", None),
        (
            "rate limited by WeChat (-2), next try in 9 s: WeChat lets bots take back nothing",
            "被微信限流（-2），9 秒后重试: 微信不让机器人撤回消息",
        ),
        ("DingTalk: no such app; QQ is not logged in: log in by QR code", "钉钉：no such app; QQ 未登录：请扫码登录"),
        ("a whole number of at least 1 is expected", "应为一个整数，至少为 1"),
        ("no rule matched, after rule 2: plugin:weather is away", "没有规则匹配，跳过规则 2：plugin:weather 不在线"),
        (
            "no rule matched, after rule 1: bench is away, after rule 2: worker:a is away",
            "没有规则匹配，跳过规则 1：bench 不在线，跳过规则 2：worker:a 不在线",
        ),
        (
            "20 of its last 200 events failed, 3 of 900 with the stable version.",
            "失败 20 次，最近共 200 个事件；稳定版本失败 3 次，共 900 个事件。",
        ),
        ("rule 3 chat:group:1", "规则 3 chat:group:1"),
        ("weather down", "weather down"),
        ("ValueError: {braces} are nothing special", "ValueError: {braces} are nothing special"),
        ("", ""),
    ],
)
def test_reasons_are_said_in_the_readers_language(text: str, said: str | None) -> None:
    told = say(text, ZH)
    assert told == said if said is not None else told == "已发出 2/3 段，之后：Feishu 拒绝：太长（代码 230025）"


def test_english_stays_as_it_is_kept() -> None:
    assert say("the connection was refused; next try in 4 s", translator("en")).startswith("the connection")


def test_no_reason_takes_long_to_say() -> None:
    """Of every template, its own words again and again, as long as is looked at."""
    taken: dict[str, float] = {}
    for template in TEMPLATES:
        words = re.split(r"\{\w*\}", template)
        for hostile in (words[0] + "".join(words[1:]) * LONGEST, *(each * LONGEST for each in words if each)):
            begun = time.thread_time()
            say(hostile[:LONGEST], ZH)
            taken[template] = max(taken.get(template, 0.0), time.thread_time() - begun)
    worst = max(taken, key=lambda each: taken[each])
    assert taken[worst] < 0.5, worst


def test_what_is_very_long_is_nothing_of_ours() -> None:
    assert say("x; next try in 4 s" * 500, ZH).startswith("x; next try")
