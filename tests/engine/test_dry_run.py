"""A dry run in a whole engine, with an implementation at its gateway that counts what it is asked."""

from __future__ import annotations

from pathlib import Path

from kagami.engine import Engine
from kagami.model.ids import BotId
from kagami.operations.messages import ListMessages
from kagami.operations.people import ListOperators
from kagami.operations.sending import DeleteMessage, Resend, SendMessage
from kagami.operations.trying import TryMessage
from tests.engine.running import engine, until, visiting


async def account_of(opened: Engine) -> BotId:
    """The account that has connected."""
    rows = opened.parts.bots.rows
    found: BotId = await until(lambda: next((each.id for each in rows() if each.adapter != "sandbox"), None))
    return found


async def test_nothing_of_it_leaves_and_what_an_operator_says_does(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened, visiting(opened) as peer:
        bot = await until(
            lambda: next((each.id for each in opened.parts.bots.rows() if each.adapter != "sandbox"), None)
        )
        tried = await opened.call(TryMessage(text="/echo hi", bot=bot, user="1", chat="group:42"))
        assert (tried.outcome, [each.text for each in tried.deeds]) == ("handled", ["hi"])
        assert await opened.call(ListMessages()) == []

        # The first thing that the platform is asked for is what the operator says afterwards.
        done = await opened.call(SendMessage(bot=bot, chat="group:42", text="by hand"))
        call = await peer.called("send_group_msg")
        assert call["params"]["message"][0]["data"]["text"] == "by hand"
        assert done.outcome == "sent"
        await opened.call(DeleteMessage(bot=bot, chat="group:42", message_id=done.message_id))
        assert (await peer.called("delete_msg"))["params"]["message_id"]
        (row,) = await opened.call(ListMessages())
        assert (row.text, row.outcome) == ("by hand", "sent")
        kept = await opened.parts.store.send(row.id)
        assert kept is not None
        assert kept[1] == "sent"


async def test_what_failed_is_kept_as_it_was_and_sent_again(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        async with visiting(opened):
            bot = await account_of(opened)
        await opened.call(SendMessage(bot=bot, chat="group:42", text="lost", reply_to="17"))
        await opened.parts.store.ledger.flush()
        (row,) = await opened.call(ListMessages())
        assert row.outcome == "failed"
        async with visiting(opened) as peer:
            again = await opened.call(Resend(message=row.id))
            call = await peer.called("send_group_msg")
            assert [each["type"] for each in call["params"]["message"]] == ["reply", "text"]
            assert again.outcome == "sent"


async def test_an_open_feed_is_seen(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        assert await opened.call(ListOperators()) == []
