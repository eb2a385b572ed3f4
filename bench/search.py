"""Search in many messages: `python -m bench.search [--messages 1000000]`. The goal is 100 ms at 10^6.

Messages are made of common words of two languages, so that short queries have very many hits and some have few.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from kagami.clock import SystemClock
from kagami.meters import Meters
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, UserId, execution_id
from kagami.model.message import text
from kagami.storage.store import SqlStore, open_store

CHINESE = (
    "今天 天气 怎么 样 我们 一起 去 吃饭 好 不好 上海 北京 机票 明天 早上 会议 哈哈 谢谢 老师 同学 电影 游戏 "
    "更新 服务器 重启 机器人 消息 图片 视频 周末 下雨 的 了 吗 呢"
)
ENGLISH = (
    "the server is down again please check hello world lunch tomorrow meeting at nine update release bug fixed thanks "
    "everyone good morning weather movie game robot message picture"
)
RARE = ("琥珀", "xylophone")
EVERY = 50_000
GOAL_MS = 100.0
ROUNDS = 5

QUERIES = ("哈哈", "天气怎么", "琥珀", "的", "琥", "the", "server", "xylophone", "e", "zzz", "hello world", "今天 天气")
FILTERED = (
    ("琥珀", "group:100", ""),
    ("哈哈", "group:100", ""),
    ("哈哈", "", "10007"),
    ("e", "", "10007"),
    ("的", "", "nobody"),
)


def sentence(random_: random.Random) -> str:
    if random_.random() < 0.6:
        return "".join(random_.choices(CHINESE.split(), k=random_.randint(2, 12)))
    return " ".join(random_.choices(ENGLISH.split(), k=random_.randint(2, 10)))


async def fill(store: SqlStore, amount: int) -> None:
    random_ = random.Random(7)
    start = 1_700_000_000_000
    for number in range(amount):
        said = sentence(random_) + (random_.choice(RARE) if number % EVERY == 0 else "")
        now = start + number
        event = Event(
            execution=execution_id(now, random_.getrandbits(74)),
            bot=BotId("qq:10001000"),
            kind="message",
            name="group",
            chat=ChatId(f"group:{100 + number % 200}"),
            user=UserId(str(10_000 + number % 5_000)),
            time_ms=now,
            dedupe=str(number),
            message=text(said),
            message_id=str(number),
            sender=Sender("somebody"),
        )
        store.ledger.accept(event, now)
        if number % 2_000 == 0:
            await store.ledger.flush()
    await store.ledger.flush()


async def measure(store: SqlStore, wanted: str, *, chat: str = "", user: str = "") -> tuple[float, float, int]:
    """The first and the median time in milliseconds, and how many lines were found."""
    times = []
    found = 0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        found = len(await store.search(wanted, chat=chat, user=user))
        times.append((time.perf_counter() - started) * 1e3)
    return times[0], sorted(times)[ROUNDS // 2], found


async def main(amount: int, folder: Path) -> bool:
    path = folder / "search.db"
    async with open_store(str(path), clock=SystemClock(), meters=Meters()) as store:
        started = time.perf_counter()
        await fill(store, amount)
        written = time.perf_counter()
        await store.digest()
        digested = time.perf_counter()
        print(
            f"{amount} messages: written in {written - started:.1f} s, the rest digested in {digested - written:.1f} s"
        )
        print(f"{await store.size() / amount:.0f} bytes each, with the index")
    async with open_store(str(path), clock=SystemClock(), meters=Meters()) as store:
        slowest = 0.0
        for wanted in QUERIES:
            first, median, found = await measure(store, wanted)
            slowest = max(slowest, first)
            print(f"{wanted:20} first {first:7.1f} ms  median {median:7.1f} ms  {found} lines")
        for wanted, chat, user in FILTERED:
            first, median, found = await measure(store, wanted, chat=chat, user=user)
            slowest = max(slowest, first)
            shown = f"{wanted} of {chat or user}"
            print(f"{shown:20} first {first:7.1f} ms  median {median:7.1f} ms  {found} lines")
    print(f"slowest {slowest:.1f} ms, goal {GOAL_MS:.0f} ms")
    return slowest <= GOAL_MS


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.search")
    parser.add_argument("--messages", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if asyncio.run(main(given.messages, Path(folder))) else 1)
