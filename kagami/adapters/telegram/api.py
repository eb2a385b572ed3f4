"""One bot's line to the Bot API: a method in, its answer out, and never a token in what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import msgspec

from kagami.adapters.table import host_of
from kagami.adapters.telegram.config import TelegramConfig
from kagami.adapters.telegram.wire import Answer, Kept
from kagami.errors import NotReached, Refused, Unavailable, WireError
from kagami.net.api import Api, Part
from kagami.onebot.halves import forgiving

LARGEST_DOWNLOAD = 20 * 1024 * 1024
HIDDEN = "<token>"
_SERVER_ERRORS = 500

_answers = msgspec.json.Decoder(Answer)


class BotApi:
    """https://core.telegram.org/bots/api#making-requests. The token is part of every address, so that no address and
    no text about one leaves this class.
    """

    def __init__(self, api: Api, config: TelegramConfig) -> None:
        self._api = api
        self._token = config.token.reveal()
        self._secret = self._token.partition(":")[2]  # the part before it is the bot's id
        self.peer = host_of(config.api_url)

    async def ask(
        self, method: str, params: Mapping[str, Any], uploads: Sequence[Part] = (), *, seconds: float | None = None
    ) -> Answer:
        """The answer, whether it says yes or no.

        `NotReached` when nothing went out; `Unavailable` when no answer came, or one that leaves it open what was done.
        """
        form = [*_fields(params), *uploads] if uploads else ()
        with self._veiled():
            got = await self._api.call(
                "POST",
                f"/bot{self._token}/{method}",
                json=None if uploads else params,
                form=form,
                seconds=seconds,
            )
        try:
            answer = forgiving(got.body, _answers.decode)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            reason = f"its answer (HTTP status {got.status}) is none of the Bot API"
            raise Unavailable(what=self.peer, reason=reason) from None
        if answer.ok:
            return answer
        answer = msgspec.structs.replace(answer, description=self._veil(answer.description))
        if answer.error_code >= _SERVER_ERRORS:
            raise Unavailable(what=self.peer, reason=told(answer))
        return answer

    async def download(self, file_id: str) -> bytes:
        """A file that somebody sent; `Refused` when Telegram does not give it."""
        answer = await self.ask("getFile", {"file_id": file_id})
        if not answer.ok:
            raise Refused(reason=told(answer))
        try:
            kept = msgspec.json.decode(answer.result, type=Kept)
        except msgspec.MsgspecError as error:
            raise WireError(reason=str(error)) from None
        if not kept.file_path:
            raise Refused(reason="Telegram gives files of at most 20 MB.")
        with self._veiled():
            url = f"{self._api.base}/file/bot{self._token}/{quote(kept.file_path.lstrip('/'))}"
            return await self._api.fetch(url, largest=LARGEST_DOWNLOAD)

    @contextmanager
    def _veiled(self) -> Iterator[None]:
        """What a peer sends back may hold the address that was asked for, and some errors quote it."""
        try:
            yield
        except (NotReached, Unavailable, Refused) as error:
            if self._secret in error.text():
                kind = type(error) if isinstance(error, Unavailable) else Refused
                raise kind(what=self.peer, reason=self._veil(str(error.details.get("reason", "")))) from None
            raise

    def _veil(self, text: str) -> str:
        return text.replace(self._token, HIDDEN).replace(self._secret, HIDDEN)


def told(answer: Answer) -> str:
    """What an answer that says no says, for people."""
    return f"{answer.description or 'no reason was given'} ({answer.error_code})"


def _fields(params: Mapping[str, Any]) -> list[Part]:
    """Parameters as fields of a form: what is no text is written as JSON."""
    return [
        Part(name, value.encode() if isinstance(value, str) else msgspec.json.encode(value))
        for name, value in params.items()
    ]
