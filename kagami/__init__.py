"""Kagami connects chat accounts to plugins and to OneBot 11 applications."""

__version__ = "0.1.0"
