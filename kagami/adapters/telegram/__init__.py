"""Telegram bots, by long polling."""
