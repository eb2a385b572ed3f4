"""Requests to KOOK's HTTP interface, as often as it lets itself be asked.

Source: https://developer.kookapp.cn/doc/reference.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from kagami.adapters.kook.limits import Limits
from kagami.adapters.kook.wire import Answer, decode
from kagami.clock import Clock
from kagami.core.secrets import HIDDEN, Secret
from kagami.errors import CredentialsRefused, Declined, Unavailable, WireError
from kagami.net.api import Api, Part
from kagami.ports import HttpAnswer

PATIENCE_S = 60.0
PAGE_SIZE = 50
MOST_PAGES = 200
TOO_MANY = 429
BROKEN = 500
# Of the answer's status and of the code in it: who asks is not known, or not let in.
UNKNOWN_TOKEN = frozenset({"401", "403", "40101", "40102", "40103"})

LONGEST_REASON = 300


class Client:
    """`Declined` for what the platform will not do, `Unavailable` and `NotReached` as `Api` has them."""

    def __init__(self, api: Api, token: Secret, clock: Clock) -> None:
        self._api = api
        self._token = token
        self._clock = clock
        self._limits = Limits()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        form: Sequence[Part] = (),
    ) -> Any:
        """`data` of the answer. Waits for the platform's limits, but not for more than a minute."""
        given_up = self._clock.monotonic() + PATIENCE_S
        while True:
            await self._turn(path, given_up)
            answer = await self._api.call(
                method,
                path,
                params=params,
                json=json,
                form=form,
                headers={"Authorization": f"Bot {self._token.reveal()}"},
            )
            refused = answer.status == TOO_MANY
            self._limits.heard(path, answer.headers, self._clock.monotonic(), refused=refused)
            if not refused:
                return self._read(answer)

    async def _turn(self, path: str, given_up: float) -> None:
        while (pause := self._limits.wait(path, now := self._clock.monotonic())) > 0:
            if now + pause > given_up:
                raise Declined(what="KOOK", reason=f"it wants {pause:.0f} s of rest", number="rate_limited")
            await self._clock.sleep(pause)
        self._limits.spend(path)

    def _read(self, answer: HttpAnswer) -> Any:
        if answer.status >= BROKEN:
            raise Unavailable(what="KOOK", reason=f"HTTP {answer.status}")
        try:
            told = decode(answer.body, Answer)
        except WireError:
            if answer.ok:
                raise Unavailable(what="KOOK", reason="its answer is none of its interface") from None
            raise _declined(answer.status, 0, "") from None
        if told.code or not answer.ok:
            raise _declined(answer.status, told.code, told.message.replace(self._token.reveal(), HIDDEN))
        return told.data

    async def pages(self, path: str, params: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
        """All items of a list."""
        for number in range(1, MOST_PAGES + 1):
            page = await self.ask("GET", path, params={**params, "page": str(number), "page_size": str(PAGE_SIZE)})
            found = page if isinstance(page, dict) else {}
            for item in found.get("items") or ():
                if isinstance(item, dict):
                    yield item
            meta = found.get("meta")
            if not isinstance(meta, dict) or number >= int(meta.get("page_total") or 0):
                return

    async def credentials(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """As `ask("GET", …)`, but `CredentialsRefused` when the token is wrong."""
        try:
            return await self.ask("GET", path, params=params)
        except Declined as error:
            if error.number not in UNKNOWN_TOKEN:
                raise Unavailable(what="KOOK", reason=error.text()) from None
            reason = f"{error.details['reason']}; set bots.token to the one of the developers' page"
            raise CredentialsRefused(peer="KOOK", reason=reason) from None


def _declined(status: int, code: int, message: str) -> Declined:
    number = str(status if str(status) in UNKNOWN_TOKEN else code or status)
    return Declined(what="KOOK", reason=message[:LONGEST_REASON] or f"HTTP {status}", number=number)
