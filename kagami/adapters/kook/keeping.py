"""What is kept for the next run: which account the token is of, and where its session stands.

The gateway's address holds a token of its own, so it lies with the secrets.
"""

from __future__ import annotations

import re
from contextlib import suppress

import msgspec

from kagami.adapters.kook.config import KookConfig
from kagami.adapters.kook.session import Session
from kagami.errors import KagamiError
from kagami.model.ids import BotId, bot_id
from kagami.ports import Memory, Vault


class Known(msgspec.Struct, frozen=True):
    """The account behind a token."""

    id: str
    name: str = ""


class Stand(msgspec.Struct, frozen=True):
    """`done` is the last event that is on disk."""

    session: str
    done: int = 0


class Keeper:
    """Under the address of the table, which stays when the account is not known yet."""

    def __init__(self, config: KookConfig, memory: Memory, vault: Vault) -> None:
        self._place: BotId = bot_id("kook", config.address)
        self._secret = re.sub(r"[^A-Za-z0-9_.-]", "_", f"kook-{config.address}.gateway")
        self._memory = memory
        self._vault = vault
        self._stand: Stand | None = None
        self._url = ""

    async def account(self) -> Known | None:
        with suppress(msgspec.DecodeError, KagamiError):
            text = await self._memory.read(self._place, "account")
            return msgspec.json.decode(text, type=Known) if text else None
        return None

    async def learn(self, known: Known) -> None:
        with suppress(KagamiError):
            await self._memory.write(self._place, {"account": msgspec.json.encode(known).decode()})

    async def restore(self, session: Session) -> None:
        """Let the session go on where an earlier run has left it."""
        with suppress(msgspec.DecodeError, UnicodeDecodeError, OSError, KagamiError):
            text = await self._memory.read(self._place, "session")
            url = (await self._vault.read(self._secret)).decode()
            if text and url:
                self._stand, self._url = msgspec.json.decode(text, type=Stand), url
                session.restore(url, self._stand.session, self._stand.done)

    async def save(self, session: Session) -> int:
        """Keep where the session stands; the number that is kept, which is an older one while the disk is away."""
        stand = Stand(session.id, session.done)
        same = self._stand is not None and self._stand.session == stand.session
        with suppress(KagamiError, OSError):
            if self._url != session.url:
                await self._vault.write(self._secret, session.url.encode())
                self._url = session.url
            if stand != self._stand:
                await self._memory.write(self._place, {"session": msgspec.json.encode(stand).decode()})
                self._stand = stand
            return stand.done
        return self._stand.done if same and self._stand is not None else 0
