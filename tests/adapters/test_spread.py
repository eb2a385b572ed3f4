"""Fifty accounts that are cut at once come back spread out."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import replace

from kagami.adapters.kinds import open_bot
from kagami.adapters.onebot11.config import OneBot11Config
from kagami.core.turnstile import Turnstile
from kagami.testing.adapters import HoldingIntake, QuickClock, open_kit
from kagami.testing.onebot import Listening, listen_as_implementation
from tests.adapters.contract import until

ACCOUNTS = 50
PATIENCE = 400.0  # seconds of the clock
TRIES = 3  # a clock that goes on while others have the processor crowds them together, though not every time


async def test_fifty_that_are_cut_at_once_come_back_over_twenty_seconds() -> None:
    for _ in range(TRIES):
        came = await come_back()
        assert len(came) == ACCOUNTS
        crowd = max(Counter(int(at) for at in came).values())
        if max(came) - min(came) >= 20 and crowd <= 0.15 * ACCOUNTS:
            return
    raise AssertionError(f"{crowd} came in one second, all from {min(came):.0f} to {max(came):.0f} s")


async def come_back() -> list[float]:
    """After how many seconds of the clock each was there again."""
    clock, intake = QuickClock(), HoldingIntake()
    async with AsyncExitStack() as stack:
        peers: list[Listening] = [
            await stack.enter_async_context(listen_as_implementation(account=str(10_000 + number)))
            for number in range(ACCOUNTS)
        ]
        kit = await stack.enter_async_context(open_kit(clock=clock))
        kit = replace(kit, turnstile=Turnstile(), randomness=random.random)
        tasks = [kit.nursery.start(peer.url, open_bot(OneBot11Config(url=peer.url), kit).run(intake)) for peer in peers]
        await until(lambda: all(peer.open for peer in peers))
        came: dict[int, float] = {}
        began = clock.monotonic()
        for peer in peers:
            peer.peers[-1].connection.transport.abort()
        before = [peer.attempts for peer in peers]
        while len(came) < ACCOUNTS and clock.monotonic() - began < PATIENCE:
            for number, peer in enumerate(peers):
                if peer.attempts > before[number]:
                    came.setdefault(number, clock.monotonic() - began)
            await asyncio.sleep(0.002)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
    return [*came.values()]
