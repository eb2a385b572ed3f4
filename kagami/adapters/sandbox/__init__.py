"""The terminal's own chat: a bot without a platform."""

from kagami.adapters.sandbox.bot import SandboxBot

__all__ = ["SandboxBot"]
