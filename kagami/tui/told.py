"""Actions that tell about link, engine and console; `kagami.tui.about` does them."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.tui.keys import Action

ACTIONS = (
    Action("link.stats", (), mark("link"), mark("How the line to the engine and to this terminal is"), hint=False),
    Action("link.attach", (), mark("attach"), mark("How to open a further console"), hint=False),
    Action("link.detach", (), mark("detach"), mark("Leave the console, the bots go on"), hint=False),
    Action("engine.status", (), mark("status"), mark("Load, bots, messages and queues of the engine"), hint=False),
    Action("engine.restart", (), mark("restart"), mark("How to restart the engine"), hint=False),
    Action("help.qr", (), mark("QR codes"), mark("Help: when a phone cannot read the QR code"), hint=False),
    Action("help.width", (), mark("widths"), mark("Help: when frames are broken or rows shift"), hint=False),
    Action("help.about", (), mark("about"), mark("Versions, terminal and time zone"), hint=False),
)
