"""What the doors write onto a request for the handlers behind them."""

from __future__ import annotations

from aiohttp import web

from kagami.core.passes import Pass
from kagami.model.principal import Principal

# Who asks; absent for a stranger.
WHO = web.RequestKey("who", Principal)
# By what, where another process of the cluster asks for somebody.
PASS = web.RequestKey("pass", Pass)
# The listed page of another site that asks, where one does.
CORS = web.RequestKey("cors", str)
