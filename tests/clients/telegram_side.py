"""Two well-known clients of the Telegram Bot API against another server.

`telegram_side.py aiogram|ptb <url> <token> <chat>`

Each answers what is said to it, and tells on its output what it saw. It runs in an environment of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from typing import Any

TEXT = "<b>heard</b> &amp; answered"
FAR_AWAY = 999_999_999


def tell(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def topic_of(message: Any) -> int:
    """The topic of a message as either client has it."""
    return int(message.message_thread_id) if message.is_topic_message else 0


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def with_aiogram(url: str, token: str) -> None:
    from aiogram import Bot, Dispatcher  # noqa: PLC0415 - only one of the two is loaded
    from aiogram.client.session.aiohttp import AiohttpSession  # noqa: PLC0415
    from aiogram.client.telegram import TelegramAPIServer  # noqa: PLC0415
    from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter  # noqa: PLC0415
    from aiogram.types import (  # noqa: PLC0415
        BufferedInputFile,
        CallbackQuery,
        InlineKeyboardButton,
        InlineKeyboardMarkup,
        InputMediaPhoto,
        Message,
        ReplyParameters,
    )

    bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))
    rooms = Dispatcher()
    keys = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Yes", callback_data="y")]])

    async def on_message(message: Message) -> None:
        tell(
            chat=message.chat.id, text=message.text, topic=message.message_thread_id if message.is_topic_message else 0
        )
        if message.photo:
            got = await bot.download(message.photo[-1].file_id)
            content = got.read() if got else b""
            tell(photo=digest(content))
            await message.answer_photo(BufferedInputFile(content, "back.png"), caption="back")
            pair = [InputMediaPhoto(media=BufferedInputFile(content, f"{each}.png")) for each in "ab"]
            await message.answer_media_group(pair)
            tell(sent=3)
            return
        quoting = ReplyParameters(message_id=message.message_id)
        sent = await message.answer(TEXT, parse_mode="HTML", reply_markup=keys, reply_parameters=quoting)
        tell(sent=sent.message_id, entities=bool(message.entities))

    async def on_edit(message: Message) -> None:
        tell(edited=message.text)

    async def on_button(query: CallbackQuery) -> None:
        await query.answer()
        if isinstance(query.message, Message):
            await query.message.edit_text("pressed")
            await query.message.delete()
        tell(button=query.data)

    rooms.message.register(on_message)
    rooms.channel_post.register(on_message)
    rooms.edited_message.register(on_edit)
    rooms.callback_query.register(on_button)
    tell(me=(await bot.me()).username)
    for chat, text in ((FAR_AWAY, "limited"), (FAR_AWAY, "x"), (int(sys.argv[4]), "x" * 4097)):
        try:
            await bot.send_message(chat, text)
        except TelegramRetryAfter as error:
            tell(wait=error.retry_after)
        except TelegramAPIError as error:
            tell(error=error.message)
    await rooms.start_polling(bot, handle_signals=False)


async def with_ptb(url: str, token: str) -> None:
    from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, Update  # noqa: PLC0415
    from telegram.error import RetryAfter, TelegramError  # noqa: PLC0415
    from telegram.ext import (  # noqa: PLC0415
        ApplicationBuilder,
        CallbackQueryHandler,
        ContextTypes,
        MessageHandler,
        filters,
    )

    keys = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])

    async def on_message(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.effective_message
        assert message is not None
        if update.edited_message is not None:
            tell(edited=message.text)
            return
        tell(
            chat=message.chat.id, text=message.text, topic=message.message_thread_id if message.is_topic_message else 0
        )
        if message.photo:
            content = bytes(await (await message.photo[-1].get_file()).download_as_bytearray())
            tell(photo=digest(content))
            await message.reply_photo(content, caption="back")
            await message.reply_media_group([InputMediaPhoto(content), InputMediaPhoto(content)])
            tell(sent=3)
            return
        sent = await message.reply_text(TEXT, parse_mode="HTML", reply_markup=keys, do_quote=True)
        tell(sent=sent.message_id, entities=bool(message.entities))

    async def on_button(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        assert query is not None
        await query.answer()
        await query.edit_message_text("pressed")
        await query.delete_message()
        tell(button=query.data)

    builder = ApplicationBuilder().token(token).base_url(f"{url}/bot").base_file_url(f"{url}/file/bot")
    application = builder.build()
    application.add_handler(MessageHandler(filters.ALL, on_message))
    application.add_handler(CallbackQueryHandler(on_button))
    async with application:
        tell(me=application.bot.username)
        for chat, text in ((FAR_AWAY, "limited"), (FAR_AWAY, "x"), (int(sys.argv[4]), "x" * 4097)):
            try:
                await application.bot.send_message(chat, text)
            except RetryAfter as error:
                tell(wait=int(error._retry_after.total_seconds()))
            except TelegramError as error:
                tell(error=error.message)
        await application.start()
        assert application.updater is not None
        await application.updater.start_polling(allowed_updates=Update.ALL_TYPES)
        await asyncio.to_thread(sys.stdin.readline)
        await application.updater.stop()
        await application.stop()
    tell(stopped=True)


if __name__ == "__main__":
    run = {"aiogram": with_aiogram, "ptb": with_ptb}[sys.argv[1]]
    asyncio.run(run(sys.argv[2], sys.argv[3]))
