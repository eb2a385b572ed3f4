"""The first start: how a bot of any platform comes, and a line that turns green when it is there."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from kagami.i18n import mark
from kagami.log import LogLine
from kagami.ports import BotRow, Connection
from kagami.tui.figures import clock
from kagami.tui.format import fold, pad, visible
from kagami.tui.keys import shown
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Painted, Span

_LABEL = 8
# What the gateway most often says to an implementation that it does not let in.
WHY = (
    mark("wrong token"),
    mark("a token is needed: Authorization: Bearer <token>"),
    mark("nothing is here; OneBot 11 implementations use /onebot/v11/ws"),
)


class Guide(Painted):
    """Takes the place of the bots' table until there is a bot."""

    DEFAULT_CSS = "Guide { height: 1fr; }"
    can_focus = True

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.connection: Connection | None = None
        self.came: BotRow | None = None
        self.denied = ""
        self.turned_away: LogLine | None = None
        self._since = shell.clock.monotonic()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        t = self.shell.t
        rows: list[Line] = [
            [],
            *self._step(
                "a", t(mark("Add one step by step: QQ, WeChat, Telegram, DingTalk, Feishu, KOOK, OneBot.")), width
            ),
            [],
            *(self._words(self.denied, width, "dim") if self.denied else self._by_itself(width)),
            [],
            self._state(),
            *self._turned_away(width),
            [],
            *self._sandbox(width),
        ]
        return rows[:height]

    def _by_itself(self, width: int) -> list[Line]:
        t = self.shell.t
        lead = t(mark("Or let a NapCat that runs connect (its WebUI: Network, New, WebSocket client):"))
        after = t(mark("Switch it on and save. The bot appears here by itself."))
        return [*self._words(lead, width), *self._pasted(width), *self._words(after, width)]

    def _words(self, text: str, width: int, role: str = "text") -> list[Line]:
        return [[Span(f"     {piece}", role)] for piece in fold(text, width - 6)]

    def _step(self, number: str, text: str, width: int) -> list[Line]:
        pieces = fold(text, width - 6)
        first = [Span(f"  {number}  ", "key"), Span(pieces[0])]
        return [first, *([Span("     "), Span(piece)] for piece in pieces[1:])]

    def _pasted(self, width: int) -> list[Line]:
        if self.connection is None:
            return [[Span("     ...", "dim")]]
        rows: list[Line] = []
        for name, value, key in ((mark("URL"), self.connection.url, "y"), (mark("Token"), self.connection.token, "Y")):
            hint = f"{key} {self.shell.t(mark('copy'))}"
            room = width - 6 - _LABEL - cell_len(hint) - 2
            pieces = fold(visible(value, self.shell.looks.text), room)
            for place, piece in enumerate(pieces):
                label = pad(self.shell.t(name) if place == 0 else "", _LABEL)
                action = "copy_url" if key == "y" else "copy_token"
                tail = [Span(f"{key} ", "key"), Span(self.shell.t(mark("copy")), "dim")] if place == 0 else []
                rows.append(
                    [Span(f"     {label}", "dim"), Span(pad(piece, room + 1), "strong", f"guide.{action}"), *tail]
                )
        return rows

    def _state(self) -> Line:
        glyphs, t = self.shell.looks.glyphs, self.shell.t
        if self.came is not None:
            return [
                Span(f"  {glyphs.online} ", "good"),
                Span(t(mark("{bot} is connected")).format(bot=self.came.name), "good"),
            ]
        waited = int(self.shell.clock.monotonic() - self._since)
        text = t(mark("waiting for a bot, {seconds} s")).format(seconds=waited)
        return [Span(f"  {glyphs.troubled} ", "warn"), Span(text, "warn")]

    def _turned_away(self, width: int) -> list[Line]:
        """Who came last and was not let in: most often with a token that was not copied whole."""
        line = self.turned_away
        if self.came is not None or line is None:
            return []
        t, glyphs = self.shell.t, self.shell.looks.glyphs
        reason = line.fields.get("reason", "")
        text = t(mark("{time} {peer} was turned away: {reason}")).format(
            time=clock(line.time_ms),
            peer=line.fields.get("peer", ""),
            reason=t(reason) if reason in WHY else reason,
        )
        pieces = fold(visible(text, self.shell.looks.text), width - 5)
        return [
            [Span(f"  {glyphs.attention} " if place == 0 else "    ", "bad"), Span(piece, "bad")]
            for place, piece in enumerate(pieces)
        ]

    def _sandbox(self, width: int) -> list[Line]:
        key = shown("enter", plain=self.shell.looks.glyphs.tier != "full")
        text = self.shell.t(mark("Try your plugins in the sandbox: no account needed."))
        pieces = fold(text, width - 6 - len(key))
        first = [Span(f"  {key}  ", "key"), Span(pieces[0], "text", "app.act('go.sandbox')")]
        return [first, *([Span(" " * (4 + cell_len(key))), Span(piece)] for piece in pieces[1:])]
