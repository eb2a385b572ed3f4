"""Feishu and Lark robots, by their long connection."""
