"""What the reminder says, in two languages."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

Language = Literal["zh", "en"]

_WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_NEAR = {"zh": ("今天", "明天", "后天"), "en": ("today", "tomorrow")}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_SHORT = timedelta(minutes=2)

_EXAMPLES_ZH = """可以这么说：
{prefix}提醒 20分钟 关火
{prefix}提醒 18:30 开会
{prefix}提醒 明天 8点 起床
{prefix}提醒 每天 8:00 喝水
{prefix}提醒 每周一 9:00 交周报"""
_EXAMPLES_EN = """Try one of these:
{prefix}remind 20min tea
{prefix}remind 18:30 meeting
{prefix}remind tomorrow 8am get up
{prefix}remind every day 8:00 drink water
{prefix}remind every monday 9:00 report"""
SUMMARIES = {
    "remind": {
        "en": "Remind you: /remind 20min tea, /remind tomorrow 8am get up",
        "zh": "到点提醒你：/提醒 明天 8点 起床",
    },
    "reminders": {"en": "Show your reminders", "zh": "看看都设了哪些提醒"},
    "forget": {"en": "Forget a reminder, by its number: /forget 2", "zh": "不要这个提醒了：/忘掉 2"},
}
_TEXTS: dict[str, tuple[str, str]] = {
    "examples": (_EXAMPLES_ZH, _EXAMPLES_EN),
    "ask_all": (
        "要提醒你什么？比如“20分钟 关火”“明天 8点 起床”。",
        "What should I remind you of? For example “20min tea” or “tomorrow 8am get up”.",
    ),
    "ask_when": (
        "什么时候提醒你“{text}”？比如 20分钟、18:30、明天 8点。",
        "When should I remind you of “{text}”? For example 20min, 18:30, tomorrow 8am.",
    ),
    "ask_hour": ("{spoken}几点？", "At what time {spoken}?"),
    "ask_what": ("{spoken}，提醒你什么？", "{spoken}: what should I remind you of?"),
    "ask_which": ("{spoken}是说哪个？", "Which one is “{spoken}”?"),
    "ask_again": (
        "没看懂这个时间。写成 20分钟、18:30 或者 明天 8点 这样就行。",
        "I can't read that as a time. Write it like 20min, 18:30 or tomorrow 8am.",
    ),
    "gave_up": ("还是没看懂时间，先不记了。", "I still don't know when, so I leave it."),
    "nonsense": ("没有这样的时间呀。", "There is no such time."),
    "past": ("这个时间已经过去啦。", "That time is over already."),
    "far": ("这也太远了，十年以内的我才记得住。", "That is too far away: ten years is what I can keep."),
    "timetable": (
        "这个 cron 写得不对，要五段：分 时 日 月 周，比如 0 8 * * 1-5。",
        "That is no cron line: it has minute, hour, day, month and weekday, like 0 8 * * 1-5.",
    ),
    "often": ("太频繁了，至少隔 {least} 分钟。", "That is too often: leave at least {least} minutes between."),
    "long": ("内容太长了，{most} 个字以内吧。", "That is too long: at most {most} characters."),
    "full": (
        "你已经有 {most} 个提醒了，先用 {prefix}忘掉 删几个。",
        "You have {most} reminders already: {prefix}forget some first.",
    ),
    "set": ("好，{when} 叫你：{text}", "All right, {when}: {text}"),
    "set_regular": (
        "好，{spoken} 叫你：{text}\n第一次是{when}。",
        "All right, {spoken}: {text}\nThe first time is {when}.",
    ),
    "ring": ("⏰ {text}", "⏰ {text}"),
    "hint": ("\n（还没空？回我“稍后 10分钟”）", "\n(Busy? Answer “snooze 10min”)"),
    "snoozed": ("行，{when} 再叫你。", "All right, again {when}."),
    "none": (
        "你没有设提醒。{prefix}提醒 20分钟 关火 就能设一个。",
        "You have no reminders. {prefix}remind 20min tea makes one.",
    ),
    "list": ("你的提醒：", "Your reminders:"),
    "line": ("{when}  {text}", "{when}  {text}"),
    "line_regular": ("{spoken}  {text}（下次 {when}）", "{spoken}  {text} (next: {when})"),
    "elsewhere": ("（在群 {chat}）", " (in group {chat})"),
    "no_number": ("没有第 {number} 个，你一共有 {count} 个。", "There is no number {number}: you have {count}."),
    "choose": ("不要哪个了？", "Which one should I forget?"),
    "confirm": ("不提醒“{text}”了？（是/否）", "Forget “{text}”? (yes/no)"),
    "forgotten": ("好，忘掉了。", "Forgotten."),
    "kept": ("那就留着。", "Then I keep it."),
}


def say(language: Language, key: str, **values: object) -> str:
    """A text of the table. What people wrote comes in as a value and is never a template."""
    return _TEXTS[key][0 if language == "zh" else 1].format(**values)


def say_moment(language: Language, moment: datetime, now: datetime) -> str:
    """`明天 08:00`, `Sun 12 Oct 08:00`: both are local; with seconds only when it is very soon."""
    clock = f"{moment:%H:%M:%S}" if moment - now < _SHORT else f"{moment:%H:%M}"
    ahead = (moment.date() - now.date()).days
    near = _NEAR[language]
    day = near[ahead] if 0 <= ahead < len(near) else _say_date(language, moment.date(), now.year)
    return f"{day} {clock}"


def _say_date(language: Language, day: date, year: int) -> str:
    weekday = _WEEKDAYS[language][day.weekday()]
    if language == "zh":
        return f"{f'{day.year}年' if day.year != year else ''}{day.month}月{day.day}日 {weekday}"
    return f"{weekday} {day.day} {_MONTHS[day.month - 1]}{f' {day.year}' if day.year != year else ''}"
