"""How a step of a login looks: the code on the left, what to do on the right; or the code alone; or questions."""

from __future__ import annotations

from collections.abc import Sequence

from kagami.core.qr import Code, Shape, encode, runs
from kagami.i18n import mark
from kagami.ports import LoginStep
from kagami.ports.login import ASKED
from kagami.tui.format import fold, pad, visible
from kagami.tui.keys import Action, shown
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span

SIDE = 28  # cells for the words beside a code
MOST_SCALE = 4
_BAR = 10
_TRAIL = (
    (("qr",), mark("code ready")),
    (("scanned",), mark("scanned")),
    (("done",), mark("online")),
)


class LoginView:
    """What of a login is seen. Everything is public, and `lines` paints it; `keys` are those offered beside a code."""

    def __init__(self, shell: Shell, keys: Sequence[Action]) -> None:
        self.shell = shell
        self.keys = tuple(keys)
        self.step: LoginStep | None = None
        self.code: Code | None = None
        self.trouble = ""
        self.note = ""
        self.shape = Shape(halves=shell.looks.glyphs.tier == "full")
        self.alone = False
        self.chosen = 0
        self.words: dict[str, str] = {}  # what was typed so far of what is asked
        self._from_ms = 0

    def take(self, step: LoginStep) -> None:
        """Another step."""
        self.step, self.trouble, self.note, self.chosen, self.words = step, "", "", 0, {}
        self._from_ms = self.shell.clock.wall_ms()
        try:
            self.code = encode(step.qr) if step.qr else None
        except ValueError:
            self.code, self.note = None, self.shell.t(mark("This code is too long to be drawn: y copies its text."))
        self.alone = self.alone and self.code is not None

    @property
    def kind(self) -> str:
        """Of the step; `failed` for any trouble, `wait` before the first step."""
        return "failed" if self.trouble else self.step.kind if self.step else "wait"

    @property
    def over(self) -> bool:
        return bool(self.trouble) or (self.step is not None and self.step.over)

    @property
    def asked(self) -> str:
        """The name of what is to be typed now; empty for nothing."""
        if self.step is None or self.kind != "ask":
            return ""
        return next((name for name in self.step.asks if name not in self.words), "")

    def label(self, name: str) -> str:
        """What is asked, for people."""
        return self.shell.t(ASKED[name]) if name in ASKED else visible(name, self.shell.looks.text)

    def room(self, width: int, height: int, shape: Shape) -> int:
        """The light edge that a code gets beside its words; 0 when there is no room."""
        return self.code.quiet(shape, max(0, width - SIDE - 4), height) if self.code else 0

    def lines(self, width: int, height: int) -> list[Line]:
        if self.alone and self.code and (quiet := self.code.quiet(self.shape, width, height)):
            return self._alone(self.code, quiet, width, height)
        if self.code and (quiet := self.room(width, height, self.shape)):
            return self._beside(self.code, quiet, width, height)
        indent = Span("   ")
        rows: list[Line] = [(), *([indent, *line] for line in self._told(min(width - 6, 72), height))]
        if not self.asked:
            return rows[:height]
        # The line to type into is below these.
        return [*(rows + [()] * height)[: height - 1], [Span(f"    {self.label(self.asked)}:", "strong")]]

    # A code.

    def _alone(self, code: Code, quiet: int, width: int, height: int) -> list[Line]:
        """Nothing but light around it, to the edges of the screen."""
        rows = code.drawn(self.shape, quiet)
        left, top = (width - len(rows[0])) // 2, (height - len(rows)) // 2
        light: Line = [Span(self._light(width), "light")]
        right = self._light(width - left - len(rows[0]))
        drawn: list[Line] = [
            [Span(self._light(left), "light"), *self._cells(row), Span(right, "light")] for row in rows
        ]
        return [*[light] * top, *drawn, *[light] * (height - top - len(rows))]

    def _light(self, width: int) -> str:
        return ("█" if self.shape.halves else "#") * width if not self.shape.inverted else " " * width

    def _cells(self, row: str) -> list[Span]:
        return [Span(text, "light" if light else "modules") for text, light in runs(row)]

    def _beside(self, code: Code, quiet: int, width: int, height: int) -> list[Line]:
        rows = code.drawn(self.shape, quiet)
        wide = len(rows[0])
        words = self._told(width - wide - 5, height, quiet)
        top = min(1, height - len(rows))
        found: list[Line] = []
        for place in range(height):
            inside = top <= place < top + len(rows)
            drawn = self._cells(rows[place - top]) if inside else [Span(" " * wide)]
            beside = words[place - 1] if 1 <= place <= len(words) else ()
            found.append([Span(" "), *drawn, Span("   "), *beside])
        return found

    # Words.

    def _told(self, width: int, height: int, quiet: int = 0) -> list[Line]:
        """Everything but the code; the less important last, because it may be cut."""
        rows: list[Line] = self._text(self._headline(), self._role(), width)
        if self.step is None or self.trouble:
            return [*rows, *self._noted(width)]
        if self.code and not quiet:
            rows += [[], *self._too_big(width, height)]
        rows += self._trail() if self.step.kind in ("qr", "scanned", "done") else []
        rows += self._countdown()
        rows += self._link(width) + self._choices(width) + self._asks(width) + self._noted(width)
        if quiet:
            rows += [[], *self._offered(), *self._facts(width, quiet)]
        return rows

    def _headline(self) -> str:
        t = self.shell.t
        if self.trouble:
            return self.trouble
        if self.step is None:
            return t(mark("One moment…"))
        return self.step.words(t)

    def _role(self) -> str:
        return {"done": "good", "failed": "bad"}.get(self.kind, "strong")

    def _text(self, text: str, role: str, width: int) -> list[Line]:
        return [[Span(piece, role)] for piece in fold(visible(text, self.shell.looks.text), max(8, width))]

    def _trail(self) -> list[Line]:
        """`1 ● code ready`, `2 ○ scanned`, `3 ○ online`."""
        glyphs, now = self.shell.looks.glyphs, next(n for n, (kinds, _) in enumerate(_TRAIL) if self.kind in kinds)
        rows: list[Line] = [[]]
        for place, (_, word) in enumerate(_TRAIL):
            sign, role = (glyphs.online, "good") if place <= now else (glyphs.offline, "dim")
            rows.append([Span(f" {place + 1} {sign} ", role), Span(self.shell.t(word), role)])
        return rows

    def _countdown(self) -> list[Line]:
        """How long the step lasts."""
        step, t, glyphs = self.step, self.shell.t, self.shell.looks.glyphs
        if step is None or not step.until_ms or step.over:
            return []
        left = max(0, step.until_ms - self.shell.clock.wall_ms())
        if not left:
            return [[], [Span(t(mark("it has run out")), "warn")]]
        whole = max(1, step.until_ms - self._from_ms)
        full = min(_BAR, -(-left * _BAR // whole))
        time = f"{left // 60_000:02d}:{left // 1_000 % 60:02d}"
        bar = glyphs.full * full + glyphs.empty * (_BAR - full)
        return [[], [Span(t(mark("ends in {time}")).format(time=time) + " "), Span(bar, "accent")]]

    def _link(self, width: int) -> list[Line]:
        link = self.step.link if self.step else ""
        return [[], *self._text(link, "accent", width)] if link else []

    def _choices(self, width: int) -> list[Line]:
        rows: list[Line] = [[]] if self.step and self.step.choices else []
        for place, choice in enumerate(self.step.choices if self.step else ()):
            here = place == self.chosen
            sign = f"{self.shell.looks.glyphs.row if here else ' '} "
            text = self.shell.t(choice.label) if choice.known else choice.label
            name = pad(text, width - 2, tier=self.shell.looks.text)
            rows.append([Span(sign, "accent"), Span(name, "strong" if here else "text", f"screen.pick({place})")])
        return rows

    def _asks(self, width: int) -> list[Line]:
        """What was typed, and what is typed now in the line below."""
        rows: list[Line] = [[]] if self.asked else []
        for name in self.step.asks if self.step and self.kind == "ask" else ():
            sign = self.shell.looks.glyphs.row if name == self.asked else " "
            secret = self.step is not None and name in self.step.secret
            typed = "*" * 6 if secret and name in self.words else self.words.get(name, "")
            text = pad(f"{self.label(name)}: {typed}", width - 2, tier=self.shell.looks.text)
            rows.append([Span(f"{sign} ", "accent"), Span(text)])
        return rows

    def _noted(self, width: int) -> list[Line]:
        return [[], *self._text(self.note, "warn", width)] if self.note else []

    def _offered(self) -> list[Line]:
        plain = self.shell.looks.glyphs.tier != "full"
        return [
            [Span(f"{shown(each.keys[0], plain=plain)}  ", "key"), Span(self.shell.t(each.label), "dim")]
            for each in self.keys
        ]

    def _facts(self, width: int, quiet: int) -> list[Line]:
        side, t = self.code.side if self.code else 0, self.shell.t
        told = t(mark("{side}×{side} modules, light edge {quiet}")).format(side=side, quiet=quiet)
        return [[], *self._text(told, "dim", width)]

    def _too_big(self, width: int, height: int) -> list[Line]:
        """Never a part of a code: how much room it wants, and the other ways."""
        if self.code is None:
            return []
        t, (columns, rows) = self.shell.t, self.code.least(self.shape)
        told = t(mark("The code has no room: with these words it needs a window of {columns}×{rows} cells.")).format(
            columns=columns + SIDE + 4, rows=rows + 2
        )
        ways = []
        if self.code.quiet(self.shape, width + 6, height + 2):
            ways.append(t(mark("z  shows the code alone: for that there is room")))
        elif not self.shape.halves or self.shape.scale > 1:
            ways.append(t(mark("b  other blocks,  -  smaller")))
        else:
            ways.append(t(mark("alone, by z, it needs {columns}×{rows}")).format(columns=columns, rows=rows))
        ways += [t(mark("y  copies the link that is in it")), t(mark("s  writes it as a picture"))]
        return [
            *self._text(told, "warn", width),
            [],
            *(line for way in ways for line in self._text(way, "text", width)),
        ]
