"""One run of a child process, from its first line to the end of everything that it started."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from asyncio.subprocess import PIPE, Process, SubprocessStreamProtocol
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kagami.clock import Clock
from kagami.log import Log
from kagami.plugins.config import ProcessConfig
from kagami.plugins.process.pipes import CHUNK, Chatter, Pace, lines
from kagami.plugins.process.watch import MIB, Leash, Watch, problem_of
from kagami.plugins.process.wire import Shutdown, ToChild, encode
from kagami.plugins.scope import ended, start

VIOLATIONS = 3
# What may wait for a child that does not read; beyond it events wait on the disk instead.
MOST_WAITING = 2 * MIB
WORDS_KEPT, LONGEST_WORD = 10, 200
# `ModuleNotFoundError: …`, `Error: …`, and no line of source, which is indented.
_ERROR = re.compile(r"(Uncaught )?[\w.]*(Error|Exception)\b")
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ")


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds. `ready`: for its first word; `silent`: the same, of a program that its manifest describes well enough;
    `settle`: a program of the predecessor's that lives so long is taken to be well; `stop`: between the word, SIGTERM
    and SIGKILL; `ignore`: for the end of a call that was cancelled; `look`: between two looks at what it uses; `stall`:
    without reading anything; `quiet`: until an unanswered call of the predecessor's is over; `pause`: the longest one
    between two runs.
    """

    ready: float = 30.0
    silent: float = 3.0
    settle: float = 0.2
    stop: float = 5.0
    ignore: float = 5.0
    look: float = 0.5
    stall: float = 10.0
    quiet: float = 5.0
    pause: float = 300.0


class Life:
    """`hear` gets every line of its stdout, None for one that is too long. `words` are the last lines of its stderr."""

    def __init__(
        self,
        argv: Sequence[str],
        folder: Path,
        work: Path,
        *,
        config: ProcessConfig,
        times: Times,
        clock: Clock,
        log: Log,
        hear: Callable[[bytes | None], None],
    ) -> None:
        self._argv = argv
        self._folder = folder
        self._work = work
        self._config = config
        self._times = times
        self._clock = clock
        self._hear = hear
        self._chatter = Chatter(log)
        self._pace = Pace(config.messages_per_second)
        self._violations = 0
        self._stalled = 0.0
        self._written = 0
        self._read = 0
        self.words: deque[str] = deque(maxlen=WORDS_KEPT)
        self.reason = ""
        self._process: Process | None = None
        self._transport: asyncio.SubprocessTransport | None = None
        self._watch: Watch | None = None
        self._leash: Leash | None = None

    async def open(self) -> None:
        """Start it. `OSError` when there is no such program."""
        self._work.mkdir(parents=True, exist_ok=True)
        self._work.chmod(0o700)  # a program of root's may give its files any rights when it makes them
        loop = asyncio.get_running_loop()
        # As `create_subprocess_exec`, which does not give away the transport that has to be closed.
        transport, protocol = await loop.subprocess_exec(
            lambda: SubprocessStreamProtocol(limit=CHUNK, loop=loop),
            *self._argv,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            cwd=self._folder,
            env=environment(os.environ, self._work),
            start_new_session=True,
        )
        self._transport = transport
        self._process = process = Process(transport, protocol, loop)
        self._watch, self._leash = Watch(process.pid, self._work), Leash(process.pid)

    async def run(self) -> str:
        """Read it until it has ended, then end what it left behind. Why it ended."""
        process, watch = self._process, self._watch
        if process is None or watch is None or process.stdout is None or process.stderr is None:
            return "it was not started"
        readers = {
            start(f"stdout of {process.pid}", self._listen(process.stdout)),
            start(f"stderr of {process.pid}", self._overhear(process.stderr)),
        }
        looker = start(f"watch of {process.pid}", self._look(process, watch))
        try:
            await process.wait()
            watch.kill()
            # Its last words are in the pipes; whoever still holds those got away from every look.
            await asyncio.wait(readers, timeout=self._times.look)
        finally:
            watch.kill()
            for task in (*readers, looker):
                task.cancel()
            await asyncio.wait({*readers, looker})
            leash, self._leash = self._leash, None
            if leash is not None:
                leash.let_go()
            if self._transport is not None:
                self._transport.close()
        return self.reason or f"{_end_of(process.returncode)}{_gist(self.words)}"

    @property
    def listens(self) -> bool:
        """Whether something can be said to it at all."""
        pipe = self._process.stdin if self._process else None
        return pipe is not None and not pipe.is_closing() and not self.ended

    def say(self, message: ToChild) -> bool:
        """Write a message; False when the child is gone or does not read. `WireError` when the message is too long."""
        line = encode(message)
        pipe = self._process.stdin if self._process else None
        if pipe is None or not self.listens:
            return False
        if pipe.transport.get_write_buffer_size() + len(line) > MOST_WAITING:
            return False
        pipe.write(line)
        self._written += len(line)
        return True

    @property
    def ended(self) -> bool:
        return self._process is None or self._process.returncode is not None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def kill(self, reason: str) -> None:
        """End it and everything below it at once."""
        self.reason = self.reason or reason
        if self._watch is not None and not self.ended:
            self._watch.kill()

    def violated(self, what: str) -> None:
        """It broke the protocol: at the third time it is ended."""
        self._violations += 1
        self.note("warning", f"not of the protocol: {what}")
        if self._violations >= VIOLATIONS:
            self.kill(f"it broke the protocol {VIOLATIONS} times, the last time so: {what[:200]}")

    def note(self, level: str, text: str, fields: Mapping[str, str] | None = None) -> None:
        """A log line of the child. A flood of them is a violation."""
        logged = self._chatter.say(level, text, self._clock.monotonic(), fields or {})
        if not logged and self._chatter.dropped >= self._config.messages_per_second:
            self._chatter.dropped = 0
            self.violated("a flood of log lines")

    async def stop(self, *, polite: bool) -> None:
        """Ask it to end, then make it. `run` returns soon after. `polite` says it with a word."""
        process = self._process
        if process is None or self.ended:
            return
        self.reason = self.reason or "it was stopped"
        if polite:
            self.say(Shutdown())
        if process.stdin is not None:
            process.stdin.close()
        if not await self._gone(process):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGTERM)
            if not await self._gone(process):
                self.kill(self.reason)

    async def _gone(self, process: Process) -> bool:
        return await ended(start(f"end of {process.pid}", process.wait()), self._times.stop) and self.ended

    async def _listen(self, stdout: asyncio.StreamReader) -> None:
        async for line in lines(stdout):
            self._hear(line)
            await self._rest(line)

    async def _overhear(self, stderr: asyncio.StreamReader) -> None:
        async for line in lines(stderr):
            said = "a line over 1 MiB" if line is None else line.decode(errors="replace").rstrip()
            if said:
                self.words.append(said[:LONGEST_WORD])
            self.note("info", said)
            await self._rest(line)

    async def _rest(self, line: bytes | None) -> None:
        size = MIB if line is None else len(line)
        if (pause := self._pace.wait(size, self._clock.monotonic())) > 0:
            await asyncio.sleep(pause)

    async def _look(self, process: Process, watch: Watch) -> None:
        """Measure it again and again, and end it when it passes a limit or does not read."""
        limits = self._config
        while True:
            use = await asyncio.to_thread(watch.look)
            problem = problem_of(
                use, memory_mb=limits.memory_mb, processes=limits.processes, disk_mb=limits.disk_mb
            ) or self._stall(process)
            if problem:
                self.kill(problem)
            if self.ended:
                # The child itself is gone, but somebody below it may hold its pipes open.
                watch.kill()
            await asyncio.sleep(self._times.look)

    def _stall(self, process: Process) -> str:
        """Whether it has read nothing for too long, though something waits for it, or has closed its input."""
        pipe = process.stdin
        waiting = pipe.transport.get_write_buffer_size() if pipe and self.listens else 0
        moved = self.listens and (not waiting or self._written - waiting != self._read)
        self._read = self._written - waiting
        self._stalled = 0.0 if moved else self._stalled + self._times.look
        return "it does not read its input" if self._stalled >= self._times.stall else ""


def environment(ours: Mapping[str, str], work: Path) -> dict[str, str]:
    """What a child may know of the machine: where programs are, the language, the time zone, and its own folder."""
    kept = {name: ours[name] for name in KEPT_VARIABLES if name in ours}
    own = {"HOME": str(work), "TMPDIR": str(work), "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"}
    return kept | own


def _gist(words: Iterable[str]) -> str:
    """What of its last words says why it ended: the line that names an error, else the last one."""
    told = [*words]
    named = next((word for word in told if _ERROR.match(word)), told[-1] if told else "")
    return f": {named}" if named else ""


def _end_of(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            return f"it was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"it was ended by signal {-code}"
    return f"it exited with {code}"
