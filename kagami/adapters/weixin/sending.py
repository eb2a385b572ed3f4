"""A message on its way out: one call for each part, in order, no faster than the platform bears."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from kagami import log
from kagami.adapters.weixin.codec import Piece, Words, message_body, text_item, write_pieces
from kagami.adapters.weixin.ilink import LIMITED, ILink
from kagami.adapters.weixin.media import Carrier
from kagami.adapters.weixin.peers import ABOUT, SPACING_SECONDS, Peer, Peers
from kagami.adapters.weixin.wire import Accepted
from kagami.clock import Clock
from kagami.errors import KagamiError, NotReached, Unavailable
from kagami.model.action import Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import split_id

PAUSES = (5.0, 15.0, 30.0)  # seconds after refusals, before one is told that it failed
RATE_LIMITED = "rate_limited"

_say = log.get("weixin")


class Sender:
    def __init__(self, ilink: ILink, carrier: Carrier, peers: Peers, clock: Clock) -> None:
        self._ilink = ilink
        self._carrier = carrier
        self._peers = peers
        self._clock = clock

    async def send(self, action: Send) -> Receipt:
        """All files are uploaded first, so that what can go wrong goes wrong before anybody sees a part."""
        kind, user = split_id(action.chat)
        if kind != "private":
            return Failed("WeChat lets bots speak in direct chats only", "unsupported")
        pieces = write_pieces(action.message)
        if not pieces:
            return Failed("there is nothing in it that WeChat can show", "empty")
        peer = self._peers[user]
        async with peer.turn:
            items = [await self._item(user, piece) for piece in pieces]
            return await self._deliver_all(user, peer, items)

    async def _item(self, user: str, piece: Piece) -> dict[str, Any]:
        return text_item(piece.text) if isinstance(piece, Words) else await self._carrier.upload(user, piece)

    async def _deliver_all(self, user: str, peer: Peer, items: list[dict[str, Any]]) -> Receipt:
        last: Receipt = Sent()
        for number, item in enumerate(items):
            try:
                last = await self._deliver(user, peer, item)
            except KagamiError as error:
                if not number:
                    raise
                last = Unknown(error.text())
            if not isinstance(last, Sent):
                return last if not number else Unknown(f"{number} of {len(items)} parts were sent, then: {last.reason}")
        return last

    async def _deliver(self, user: str, peer: Peer, item: Mapping[str, Any]) -> Receipt:
        client_id = f"kagami-{secrets.token_hex(12)}"
        if (left := peer.cool_until - self._clock.monotonic()) > 0:
            return self._limited(peer, left)
        for pause in (*PAUSES, 0.0):
            await self._space(peer)
            answer = await self._post(message_body(user, item, client_id=client_id, token=peer.token))
            if not answer.code:
                return self._went(user, peer, str(answer.message_id or client_id))
            if answer.code != LIMITED:
                return Failed(f"WeChat refuses it: {answer.errmsg or answer.code}", str(answer.code))
            if not pause or peer.hopeless(self._clock.wall_ms()):
                break
            await self._clock.sleep(pause)
        return self._limited(peer, peer.struck(self._clock.monotonic()))

    def _went(self, user: str, peer: Peer, number: str) -> Sent:
        peer.went()
        if peer.sent == ABOUT:
            _say.warning("a user has to write before much more can be sent", user=user, sent=peer.sent)
        return Sent(number)

    def _limited(self, peer: Peer, seconds: float) -> Failed:
        why = peer.hopeless(self._clock.wall_ms())
        reason = f"rate limited by WeChat (-2), next try in {seconds:.0f} s"
        return Failed(f"{reason}: {why}" if why else reason, RATE_LIMITED)

    async def _space(self, peer: Peer) -> None:
        if (wait := peer.free_at - self._clock.monotonic()) > 0:
            await self._clock.sleep(wait)
        peer.free_at = self._clock.monotonic() + SPACING_SECONDS

    async def _post(self, body: Mapping[str, Any]) -> Accepted:
        """Asked once more when no answer comes: the platform knows the same `client_id` again."""
        try:
            return await self._ilink.send(body)
        except NotReached:
            raise
        except Unavailable:
            try:
                return await self._ilink.send(body)
            except NotReached as error:
                # The first try may have arrived.
                raise Unavailable(**error.details) from None
