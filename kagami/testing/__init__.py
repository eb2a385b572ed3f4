"""What tests of plugins need, for authors of plugins too.

from kagami.testing import FakeClock, FakeHttp, chat_with
"""

from kagami.testing.chat import PluginChat, chat_with
from kagami.testing.clock import FakeClock
from kagami.testing.http import FakeHttp

__all__ = ["FakeClock", "FakeHttp", "PluginChat", "chat_with"]
