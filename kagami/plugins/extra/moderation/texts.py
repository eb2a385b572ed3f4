"""What the moderation says, in two languages."""

from __future__ import annotations

from kagami.plugins.api import Context

from .rules import Language, Rules

_HELP_ZH = """群管怎么用：
{prefix}mod on / off　开 / 关
{prefix}mod add 词 / remove 词 / list　敏感词
{prefix}mod set　看规则；{prefix}mod set 刷屏条数 6　改规则
{prefix}mod log　最近做了什么
{prefix}mod summary 21:00 / off　每天小结
{prefix}mute @某人 10min，{prefix}unmute，{prefix}kick，{prefix}warns"""
_HELP_EN = """How to use it:
{prefix}mod on / off
{prefix}mod add word / remove word / list
{prefix}mod set shows the rules, {prefix}mod set flood_messages 6 changes one
{prefix}mod log shows what was done
{prefix}mod summary 21:00 / off
{prefix}mute @user 10min, {prefix}unmute, {prefix}kick, {prefix}warns"""
SUMMARIES = {
    "mod": {"en": "Moderation of this group: switch, words, rules, log", "zh": "群管：开关、敏感词、规则、记录"},
    "mute": {"en": "Mute somebody: /mute @user 10min", "zh": "禁言：/禁言 @某人 10min"},
    "unmute": {"en": "Let somebody speak again: /unmute @user", "zh": "解除禁言：/解禁 @某人"},
    "kick": {"en": "Remove somebody from the group: /kick @user", "zh": "移出群：/踢出 @某人"},
    "warns": {
        "en": "The record of somebody: /warns @user, /warns @user clear",
        "zh": "警告记录：/警告记录 @某人，后面加 清零 就清掉",
    },
}
_TEXTS: dict[str, tuple[str, str]] = {
    "help": (_HELP_ZH, _HELP_EN),
    "only_groups": ("这个要在群里用。", "This works in groups only."),
    "on": (
        "群管开啦。{prefix}mod add 可以加敏感词，{prefix}mod set 看规则。",
        "I keep watch now. {prefix}mod add takes words, {prefix}mod set shows the rules.",
    ),
    "off": ("群管关了。", "I don't keep watch any more."),
    "is_off": ("群管没开，先 {prefix}mod on。", "I don't keep watch here: {prefix}mod on first."),
    "added": ("加好了：{words}", "Added: {words}"),
    "no_words": (
        "要写上词，比如 {prefix}mod add 代刷 加微信",
        "Write the words, like {prefix}mod add casino “free money”",
    ),
    "too_many": ("最多 {most} 个词。", "There can be {most} words at most."),
    "removed": ("删掉了：{words}", "Removed: {words}"),
    "unknown_words": ("没有这个词。", "There is no such word."),
    "words": ("本群敏感词（{count} 个）：{words}", "Words of this group ({count}): {words}"),
    "no_list": ("本群还没有敏感词。", "This group has no words yet."),
    "rules": ("现在的规则：", "The rules now:"),
    "rule": ("{chinese}（{name}）：{value}", "{name}: {value}"),
    "unknown_rule": (
        "没有这条规则，{prefix}mod set 看看有哪些。",
        "There is no such rule: {prefix}mod set shows them.",
    ),
    "bad_value": ("“{value}”不合适，没有改。", "“{value}” does not fit: nothing was changed."),
    "rule_set": ("改好了，{name}：{value}", "Done, {name}: {value}"),
    "log": ("最近做的事：", "What was done:"),
    "no_log": ("最近很太平，什么都没做。", "All quiet: nothing was done."),
    "entry": ("{time} {deed} {user} {why}", "{time} {deed} {user} {why}"),
    "by": ("（{by} 操作）", " (by {by})"),
    "summary_set": ("好，每天 {time} 发小结。", "All right, a summary every day at {time}."),
    "summary_off": ("不发小结了。", "No summary any more."),
    "bad_time": ("时间写成 21:00 这样。", "Write the time like 21:00."),
    "summary": ("今天的群管小结：{counts}", "Moderation today: {counts}"),
    "count": ("{deed} {count} 次", "{deed} {count}×"),
    "why_word": ("发敏感词", "a forbidden word"),
    "why_link": ("发链接", "a link"),
    "why_flood": ("刷屏", "flooding"),
    "why_repeat": ("重复发言", "the same again and again"),
    "why_": ("", ""),
    "warn": (" 别{why}哦（警告 {count}{most}）", " careful, that was {why} (warning {count}{most})"),
    "most": (" / {most}，满了禁言", " of {most} before a mute"),
    "mute": (" {why}，禁言 {minutes} 分钟，冷静一下。", " that was {why}: muted for {minutes} minutes."),
    "kick": (" {why}，移出群了。", " that was {why}: removed from the group."),
    "cannot_delete": (
        "撤回不了消息，我是不是还不是管理员？（{reason}）",
        "I can't delete messages: am I an admin here? ({reason})",
    ),
    "cannot_mute": (
        "禁言不了，我是不是还不是管理员？（{reason}）",
        "I can't mute anybody: am I an admin here? ({reason})",
    ),
    "cannot_kick": (
        "踢不了人，我是不是还不是管理员？（{reason}）",
        "I can't remove anybody: am I an admin here? ({reason})",
    ),
    "refused": ("没成功。", "That did not work."),
    "muted": ("禁言了 {user}，{minutes} 分钟。", "Muted {user} for {minutes} minutes."),
    "bad_minutes": ("时长要在 1 分钟到 30 天之间。", "Between a minute and 30 days, please."),
    "unmuted": ("{user} 可以说话了。", "{user} may speak again."),
    "confirm_kick": ("真的要把 {user} 移出群吗？（是/否）", "Really remove {user} from the group? (yes/no)"),
    "not_kicked": ("那算了。", "Then not."),
    "kicked": ("{user} 已移出群。", "{user} was removed."),
    "myself": ("别搞我呀。", "Not me, please."),
    "warns": ("{user}：警告 {warnings} 次，禁言 {mutes} 次。", "{user}: {warnings} warnings, {mutes} mutes."),
    "cleared": ("{user} 的记录清了。", "The record of {user} is clean again."),
    "deed_warn": ("警告", "warned"),
    "deed_delete": ("撤回", "deleted"),
    "deed_mute": ("禁言", "muted"),
    "deed_unmute": ("解禁", "unmuted"),
    "deed_kick": ("踢出", "removed"),
    "yes": ("开", "on"),
    "no": ("关", "off"),
    "nothing": ("（无）", "(none)"),
}


def language_of(ctx: Context[Rules]) -> Language:
    """The operator's choice, else Kagami's own."""
    return ctx.settings.language or ("zh" if ctx.language == "zh" else "en")


def say(language: Language, key: str, **values: object) -> str:
    """A text of the table. What people wrote comes in as a value and is never a template."""
    return _TEXTS[key][0 if language == "zh" else 1].format(**values)


def say_value(language: Language, value: object) -> str:
    """The value of a rule as people read it."""
    if isinstance(value, bool):
        return say(language, "yes" if value else "no")
    if isinstance(value, (list, tuple)):
        value = " ".join(map(str, value))
    if language == "zh" and f"deed_{value}" in _TEXTS:
        return say(language, f"deed_{value}")
    return str(value) or say(language, "nothing")
