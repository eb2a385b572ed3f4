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


async def test_fifty_that_are_cut_at_once_come_back_over_twenty_seconds() -> None:
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
    assert len(came) == ACCOUNTS
    assert max(came.values()) - min(came.values()) >= 20
    assert max(Counter(int(at) for at in came.values()).values()) <= 0.15 * ACCOUNTS
