"""Plays an OneBot 11 implementation over reverse WebSocket and measures what the application answers.

It sends group messages, answers every call at once with retcode 0, and matches an answer to its message by the number
in both: `/echo 17` asks, `17` answers.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import msgspec

from bench.wire import Client, dial, pack

SELF_ID = 10_000_001
GROUPS = 100
STEP_S = 0.005


class Segment(msgspec.Struct):
    type: str
    data: dict[str, Any] | None = None


class Params(msgspec.Struct):
    message: str | list[Segment] = ""


class Call(msgspec.Struct):
    action: str
    params: Params | None = None
    echo: msgspec.Raw = msgspec.Raw(b"null")


def message_frame(number: int, text: str) -> bytes:
    """A group message as NapCat writes it; each group has a speaker of its own."""
    group = 700_000_000 + number % GROUPS
    user = 20_000_000 + number % GROUPS
    event = {
        "self_id": SELF_ID,
        "user_id": user,
        "time": int(time.time()),
        "message_id": number,
        "message_seq": number,
        "real_id": number,
        "message_type": "group",
        "sender": {"user_id": user, "nickname": f"speaker {user}", "card": "", "role": "member"},
        "raw_message": text,
        "font": 14,
        "sub_type": "normal",
        "message": [{"type": "text", "data": {"text": text}}],
        "message_format": "array",
        "post_type": "message",
        "group_id": group,
    }
    return pack(msgspec.json.encode(event))


def lifecycle_frame() -> bytes:
    event = {"time": int(time.time()), "self_id": SELF_ID, "post_type": "meta_event"}
    return pack(msgspec.json.encode(event | {"meta_event_type": "lifecycle", "sub_type": "connect"}))


@dataclass
class Run:
    """What one run measured. `late` are seconds from a message's write to its answer's arrival."""

    answers: int = 0
    seconds: float = 0.0
    late: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds

    def quantile_ms(self, q: float) -> float:
        ordered = sorted(self.late)
        return ordered[min(len(ordered) - 1, int(q * len(ordered)))] * 1000


class Load:
    """One connected implementation."""

    # Numbers are never used twice on one machine: an application may drop a message id that it knows.
    numbers = count(int(time.time()) % 1_000_000 * 1_000 + 1)

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(Call).decode
        self._client: Client | None = None
        self._asked: dict[int, float] = {}
        self._marks: dict[int, asyncio.Future[None]] = {}
        self._run = Run()
        self._until = 0.0
        self._done = asyncio.Event()
        self._receipts = count(1)

    async def open(self, port: int, path: str, token: str) -> None:
        headers: Mapping[str, str] = {
            "X-Self-ID": str(SELF_ID),
            "X-Client-Role": "Universal",
            "Authorization": f"Bearer {token}",
            "User-Agent": "OneBot/11",
        }
        self._client = await dial(port, self._hear)
        await self._client.upgrade(f"127.0.0.1:{port}", path, headers)
        self._client.send(lifecycle_frame())

    @property
    def client(self) -> Client:
        assert self._client
        return self._client

    async def close(self) -> None:
        self.client.close()
        await self.client.closed.wait()

    async def echo(self, seconds: float, in_flight: int, *, patience: float = 20.0) -> Run:
        """Keep `in_flight` questions open for so long; ends when the last is answered."""
        self._run, self._done = Run(), asyncio.Event()
        began = time.perf_counter()
        self._until = began + seconds
        self.client.send(b"".join(self._ask() for _ in range(in_flight)))
        async with asyncio.timeout(seconds + patience):
            await self._done.wait()
        self._run.answers = len(self._run.late)
        self._run.seconds = time.perf_counter() - began
        return self._run

    async def offer(self, seconds: float, rate: float, *, patience: float = 30.0) -> Run:
        """Ask so many questions a second, answered or not; ends when the last is answered."""
        self._run, self._done, self._until = Run(), asyncio.Event(), 0.0
        began, asked = time.perf_counter(), 0
        while (passed := time.perf_counter() - began) < seconds:
            due = int(passed * rate) - asked
            self.client.send(b"".join(self._ask() for _ in range(due)))
            asked += due
            await asyncio.sleep(STEP_S)
        self._done.clear()
        if self._asked:
            async with asyncio.timeout(patience):
                await self._done.wait()
        self._run.answers = len(self._run.late)
        self._run.seconds = time.perf_counter() - began
        return self._run

    async def flood(self, events: int, *, batch: int = 1_000, deep: int = 3, patience: float = 120.0) -> Run:
        """Send events that nobody answers, with one question after each batch and at most `deep` batches open.

        The last questions go to every group, so that all events before them are handled when they are answered.
        """
        began = time.perf_counter()
        waiting: deque[asyncio.Future[None]] = deque()
        async with asyncio.timeout(patience):
            for _ in range(events // batch):
                self.client.send(b"".join(self._chat() for _ in range(batch)))
                waiting.append(self._mark())
                if len(waiting) >= deep:
                    await waiting.popleft()
            await asyncio.gather(*waiting, *(self._mark() for _ in range(GROUPS)))
        return Run(events // batch * batch, time.perf_counter() - began)

    def chat(self, events: int) -> None:
        """Send so many events that nobody answers, and wait for nothing."""
        self.client.send(b"".join(self._chat() for _ in range(events)))

    def _ask(self) -> bytes:
        number = next(self.numbers)
        self._asked[number] = time.perf_counter()
        return message_frame(number, f"/echo {number}")

    def _chat(self) -> bytes:
        number = next(self.numbers)
        return message_frame(number, f"just talking, {number} words or so")

    def _mark(self) -> asyncio.Future[None]:
        number = next(self.numbers)
        self._marks[number] = asyncio.get_running_loop().create_future()
        self.client.send(message_frame(number, f"/echo {number}"))
        return self._marks[number]

    def _hear(self, payload: bytes) -> None:
        call = self._decode(payload)
        receipt = b'{"status":"ok","retcode":0,"data":%b,"echo":%b}' % (self._result(call.action), bytes(call.echo))
        self.client.send(pack(receipt))
        if call.params and call.action.startswith("send"):
            self._answered(int(plain(call.params.message)))

    def _result(self, action: str) -> bytes:
        if action.startswith("send"):
            return b'{"message_id":%d}' % next(self._receipts)
        return b'{"user_id":%d,"nickname":"bench"}' % SELF_ID if action == "get_login_info" else b"{}"

    def _answered(self, number: int) -> None:
        asked = self._asked.pop(number, None)
        if asked is None:
            self._marks.pop(number).set_result(None)
            return
        now = time.perf_counter()
        self._run.late.append(now - asked)
        if now < self._until:
            self.client.send(self._ask())
        elif not self._asked:
            self._done.set()


def plain(message: str | list[Segment]) -> str:
    if isinstance(message, str):
        return message
    return "".join(str((each.data or {}).get("text", "")) for each in message)
