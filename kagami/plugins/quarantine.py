"""Plugins that must not serve: those that hold up everybody, and versions that end the process while they start."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec

from kagami import log
from kagami.clock import Clock
from kagami.i18n import mark
from kagami.plugins.facts import fact, read_facts
from kagami.plugins.values import Values
from kagami.ports import StorePut

QUARANTINE = "@quarantine"
# One fact for all versions, so that a start of any number of plugins costs one write before and one after.
STARTING, STARTING_KEY = "@starting", "versions"
BLAMES = 3
WINDOW_S = 600.0
# One blame of this many seconds counts as three.
LONG_S = 10.0
STARTS = 3
MOST_UNREAD = 1_000
BLAMED = mark("It held up everything three times within ten minutes, or for ten seconds at once.")
FATAL = mark("The process ended three times in a row while this version started.")
_log = log.get("plugins")

# A plugin's id and the digest of one version of it: what changes when its code does.
Exact = tuple[str, str]


class Sentence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a plugin is in quarantine and since when. `digest` is what served then, empty when that was not told."""

    reason: str
    since_ms: int
    digest: str = ""


class Quarantine:
    """All but `blamed` is for the event loop's thread. `sentences` are by plugin."""

    def __init__(self, values: Values, clock: Clock) -> None:
        self._values = values
        self._clock = clock
        self._serving: dict[str, str] = {}
        self._starts: dict[str, dict[str, int]] = {}
        # What is marked as starting now, by plugin.
        self._now: dict[str, str] = {}
        self._unread: deque[tuple[str, float, float]] = deque(maxlen=MOST_UNREAD)
        self._blames: dict[str, deque[float]] = {}
        self._unwritten: set[str] = set()
        self.sentences: dict[str, Sentence] = {}

    async def open(self) -> None:
        """Read what was kept."""
        self.sentences = await read_facts(self._values, QUARANTINE, Sentence)
        self._starts = (await read_facts(self._values, STARTING, dict[str, dict[str, int]])).get(STARTING_KEY, {})

    def blamed(self, plugin: str, seconds: float) -> None:
        """A plugin held up everything. May be called from any thread."""
        if plugin:
            self._unread.append((plugin, seconds, self._clock.monotonic()))

    def is_quarantined(self, plugin: str) -> str:
        """The reason, or "". Asked for every event."""
        if self._unread:
            self._weigh()
        if not self.sentences:
            return ""
        sentence = self.sentences.get(plugin)
        return sentence.reason if sentence else ""

    async def settle(self) -> list[str]:
        """Write the new sentences and tell whose they are. To be called now and then."""
        self._weigh()
        new = sorted(self._unwritten & self.sentences.keys())
        if new:
            await self._values.put_many([fact(QUARANTINE, plugin, self.sentences[plugin]) for plugin in new])
        self._unwritten.difference_update(new)
        return new

    async def serves(self, plugin: str, digest: str) -> bool:
        """This digest is the stable version from now on. Whether that ended a quarantine of another digest."""
        self._serving[plugin] = digest
        sentence = self.sentences.get(plugin)
        if sentence is None or sentence.digest in ("", digest):
            return False
        await self.release(plugin)
        return True

    async def release(self, plugin: str) -> None:
        """Let a plugin serve and all its versions start again."""
        self._weigh()
        self._blames.pop(plugin, None)
        self._unwritten.discard(plugin)
        self.sentences.pop(plugin, None)
        self._starts.pop(plugin, None)
        await self._values.put_many((fact(QUARANTINE, plugin, None), self._starts_fact()))

    def refusal(self, plugin: str, digest: str) -> str:
        """Why this version must not be started, or ""."""
        return FATAL if self._starts.get(plugin, {}).get(digest, 0) >= STARTS else ""

    def batches(self, versions: Iterable[Exact]) -> list[list[Exact]]:
        """What to start together: all that never ended the process at once, then each suspect by itself.

        When the process ends while many start, each of them may be the cause; alone, the innocent clear themselves.
        Versions that are refused are in no batch.
        """
        clean: list[Exact] = []
        suspects: list[list[Exact]] = []
        for plugin, digest in versions:
            if digest not in self._starts.get(plugin, {}):
                clean.append((plugin, digest))
            elif not self.refusal(plugin, digest):
                suspects.append([(plugin, digest)])
        return [clean, *suspects] if clean else suspects

    async def starting(self, batch: Iterable[Exact]) -> None:
        """To be called before these are activated; the write is real when it returns."""
        for plugin, digest in batch:
            self._now[plugin] = digest
            counts = self._starts.setdefault(plugin, {})
            counts[digest] = counts.get(digest, 0) + 1
        await self._values.put_many((self._starts_fact(),))

    async def started(self, batch: Iterable[Exact]) -> None:
        """To be called when the process outlived their activation, whatever came of that."""
        for plugin, digest in batch:
            for each in {digest, self._now.pop(plugin, digest)}:
                self._cleared(plugin, each)
        await self._values.put_many((self._starts_fact(),))

    async def next(self, exact: Exact) -> None:
        """To be called before a version is activated: one of the same batch and plugin before it has done no harm.

        So a canary that ends the process, or a lower version after one that failed, is the one that is blamed.
        """
        plugin, digest = exact
        if self._now.get(plugin, digest) != digest:
            self._cleared(plugin, self._now[plugin])
            await self.starting((exact,))

    def _cleared(self, plugin: str, digest: str) -> None:
        counts = self._starts.get(plugin, {})
        counts.pop(digest, None)
        if not counts:
            self._starts.pop(plugin, None)

    def _starts_fact(self) -> StorePut:
        return fact(STARTING, STARTING_KEY, self._starts or None)

    def _weigh(self) -> None:
        while self._unread:
            plugin, seconds, at = self._unread.popleft()
            times = self._blames.setdefault(plugin, deque(maxlen=BLAMES))
            times.extend([at] * (BLAMES if seconds >= LONG_S else 1))
            if len(times) < BLAMES or at - times[0] > WINDOW_S or plugin in self.sentences:
                continue
            self.sentences[plugin] = Sentence(BLAMED, self._clock.wall_ms(), self._serving.get(plugin, ""))
            self._unwritten.add(plugin)
            _log.error("a plugin is in quarantine", plugin=plugin, reason=BLAMED)
