"""Textual's driver for terminals of Unix, made to survive a terminal that is slow, stuck or gone.

The stock writer blocks the console's loop when 30 pieces wait; this one lets frames go and paints anew once the
terminal has caught up. The stock reader burns the processor at the end of its input and gives up at a broken
character; this one ends the console, and shows a replacement. What is written goes over the thin wire, a frame at a
time, unless `KAGAMI_WIRE=stock` asks for Textual's own output.
"""

from __future__ import annotations

import os
import selectors
from asyncio import TimerHandle
from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping
from queue import Queue
from time import monotonic
from typing import IO, Any

from textual._parser import ParseEOF
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from kagami.tui.answers import Answers
from kagami.tui.pacing import ASK, Pacer, without_answers
from kagami.tui.shell import HangsUp
from kagami.tui.wire import Wire

MOST_WAITING = 30_000
"""Characters that may wait for the terminal before frames are dropped."""

STOP_S = 0.5
SWITCH, STOCK = "KAGAMI_WIRE", "stock"
_SYNC_START, _SYNC_END = "\x1b[?2026h", "\x1b[?2026l"


def _is_screen(environ: Mapping[str, str]) -> bool:
    """GNU screen, which names itself as old versions of tmux do."""
    return environ.get("TERM", "").startswith("screen") and "TMUX" not in environ


class Writer(WriterThread):
    """Writes in a thread. `behind` is called after frames were dropped, `lost` when the file fails."""

    def __init__(self, file: IO[str], behind: Callable[[], None], lost: Callable[[], None]) -> None:
        super().__init__(file)
        self._queue: Queue[str | None] = Queue()
        self._behind = behind
        self._lost = lost
        self._waiting = 0
        self._dropped = False
        self.gone = False
        self.last_words = False

    def write(self, text: str) -> None:
        if self.gone:
            return
        if self._waiting > MOST_WAITING and not self.last_words:
            self._dropped = True
            return
        self._waiting += len(text)
        self._queue.put(text)

    def run(self) -> None:
        while (text := self._queue.get()) is not None:
            if not self.gone:
                self._give(text)
            self._waiting -= len(text)
            if self._dropped and not self._waiting:
                self._dropped = False
                self._behind()
        if not self.gone:
            self._give("")  # the end was in the queue behind the last words: nothing of them may stay in a buffer

    def _give(self, text: str) -> None:
        try:
            self._file.write(text)
            if self._queue.empty():
                self._file.flush()
        except (OSError, ValueError):
            self.gone = True
            self._lost()

    def stop(self) -> None:
        """Let it finish, but never wait for a terminal that does not read."""
        self._queue.put(None)
        self.join(STOP_S)
        self.gone = True


class ConsoleDriver(LinuxDriver):
    """Tells an app that `HangsUp` when the terminal is gone."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._ended = False
        self._wire = Wire(0, 0, erases=not _is_screen(os.environ)) if os.environ.get(SWITCH) != STOCK else None
        self._pacer = Pacer()
        self._timer: TimerHandle | None = None

    @property
    def rtt_s(self) -> float:
        """How long the line takes for a frame and back; 0 when the terminal does not tell."""
        return self._pacer.rtt_s

    def write(self, data: str) -> None:
        """Draw it, and send what differs as soon as the terminal has shown what went before."""
        if self._wire is None:
            super().write(data)
            return
        size = self._app.size
        if (self._wire.width, self._wire.height) != (size.width, size.height):
            self._wire.resize(size.width, size.height)
        self._wire.feed(data)
        self._send()

    def _send(self) -> None:
        wire, pacer, writer = self._wire, self._pacer, self._writer
        if wire is None or writer is None:
            return
        writer.write(wire.take_passed())
        if not wire.dirty:
            return
        wait = pacer.wait_s(monotonic())
        if wait and not writer.last_words:
            self._later(wait)
            return
        frame = wire.take()
        if not frame:
            return
        synced = f"{_SYNC_START}{frame}{_SYNC_END}" if self._app._sync_available else frame  # noqa: SLF001
        writer.write(synced + (ASK if pacer.asks and not writer.last_words else ""))
        pacer.sent(monotonic())

    def _later(self, seconds: float) -> None:
        """Send what is wanted then, should the terminal not answer before."""
        loop = self._app._loop  # noqa: SLF001
        if self._timer is None and loop is not None and not loop.is_closed():
            self._timer = loop.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._send()

    def _answered(self) -> None:
        self._pacer.answered(monotonic())
        self._go_on()

    def _in_loop(self, call: Callable[[], object]) -> None:
        loop = self._app._loop  # noqa: SLF001
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(call)

    # The stock driver makes its writer in the middle of a long method: what it assigns is replaced here.
    @property
    def _writer_thread(self) -> Writer | None:
        return self._writer

    @_writer_thread.setter
    def _writer_thread(self, thread: WriterThread | None) -> None:
        self._writer = Writer(thread._file, self._caught_up, self._hang_up) if thread is not None else None  # noqa: SLF001

    def run_input_thread(self) -> None:
        parser = XTermParser(self._debug)
        decode, answers = getincrementaldecoder("utf-8")("replace").decode, Answers()
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self.fileno, selectors.EVENT_READ)
                while not self.exit_event.is_set():
                    raw = os.read(self.fileno, 4_096) if selector.select(0.1) else None
                    if raw == b"":
                        self._hang_up()
                        return
                    raw, answered = without_answers(raw or b"")
                    if answered:
                        self._in_loop(self._answered)
                    raw = answers.typed(raw, monotonic()) if raw else raw
                    for message in (*(parser.feed(decode(raw)) if raw else ()), *parser.tick()):
                        self.process_message(message)
        except (OSError, ParseEOF):
            self._hang_up()

    def _enable_mouse_support(self) -> None:
        """Without reports of every move over SSH: one move over a table costs kilobytes of repaint there."""
        if not self._mouse:
            return
        moves = 1002 if os.environ.get("SSH_CONNECTION") else 1003
        self.write(f"\x1b[?1000h\x1b[?{moves}h\x1b[?1006h")
        self.flush()

    def _disable_mouse_support(self) -> None:
        super()._disable_mouse_support()
        if self._mouse:
            self.write("\x1b[?1002l")

    def start_application_mode(self) -> None:
        # Also after a suspension, when the terminal shows something else.
        self._pacer.anew()
        if self._wire is not None:
            self._wire.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.write("\x1b[22;2t")  # keep the terminal's own title

    def stop_application_mode(self) -> None:
        if self._writer is not None:
            self._writer.last_words = True
        self.write("\x1b[23;2t")
        super().stop_application_mode()

    def _caught_up(self) -> None:
        self._in_loop(self._paint_anew)

    def _paint_anew(self) -> None:
        if self._wire is None:
            self._app.refresh()
        else:
            self._wire.forget()
            self._send()

    def _hang_up(self) -> None:
        if self._ended or self.exit_event.is_set():
            return
        self._ended = True
        if self._writer is not None:
            self._writer.gone = True
        if isinstance(self._app, HangsUp):
            self._app.hang_up()
