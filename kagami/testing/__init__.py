"""What tests of plugins need, for authors of plugins too.

from kagami.testing import FakeClock, chat_with
"""

from kagami.testing.chat import PluginChat, chat_with
from kagami.testing.clock import FakeClock

__all__ = ["FakeClock", "PluginChat", "chat_with"]
