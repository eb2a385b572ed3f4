"""One plugin: its versions on disk, those that run, and which of them serves."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress

from kagami.errors import NotFound
from kagami.plugins.active import Active
from kagami.plugins.records import signer_of
from kagami.plugins.versions import Found, Unsound, fingerprint

# Of how many versions, and how much of each, is kept what they left behind.
MOST_LEAKY, MOST_SURVIVORS = 20, 50


class Line:
    """`found` are the sound versions on disk, the one to serve first; `others` run beside the stable one.

    `starting` is the version whose process is being started for the first time, `begun` those that were, None for one
    that failed. `leaving` serve nothing new and end with their last conversation. `failed` says by version why it
    cannot run, `recalled` which of those a market took back, `signers` who signed one that was installed, `survivors`
    what outlived an unload of it and when that was, until the process ends.
    """

    def __init__(self, plugin: str) -> None:
        self.id = plugin
        self.builtin = False
        self.found: list[Found] = []
        self.stable: Active | None = None
        self.starting = ""
        self.begun: dict[str, Active | None] = {}
        self.others: dict[str, Active] = {}
        self.leaving: list[Active] = []
        self.failed: dict[str, str] = {}
        self.recalled: frozenset[str] = frozenset()
        self.withheld: frozenset[str] = frozenset()
        self.signers: dict[str, str] = {}
        self.survivors: dict[str, tuple[str, ...]] = {}

    @property
    def running(self) -> list[Active]:
        """What serves or may serve, without those that leave."""
        return [*([self.stable] if self.stable else []), *self.others.values()]

    @property
    def known(self) -> bool:
        """Whether there is anything to tell of it."""
        return bool(self.found or self.running or self.leaving or self.failed)

    @property
    def fallback(self) -> Active | None:
        """What goes on when nothing else can serve: the stable version, unless it was recalled or is withheld."""
        barred = self.recalled | self.withheld
        return None if self.stable is None or self.stable.version in barred else self.stable

    def take(self, found: Iterable[Found], unsound: Collection[Unsound]) -> None:
        """Remember what lies on the shelf. What could not be loaded stays listed as long as it lies there."""
        self.found = list(found)
        lying = {each.manifest.version for each in self.found}
        self.failed = {version: error for version, error in self.failed.items() if version in lying}
        self.failed |= {each.version: each.error for each in unsound}
        self._bar(unsound)
        lying_at = [(each.manifest.version, each.folder) for each in self.found]
        lying_at += [(each.version, each.folder) for each in unsound]
        # One that is gone from the disk may still run.
        running = {active.version for active in (*self.running, *self.leaving)}
        self.signers = {version: signer for version, signer in self.signers.items() if version in running}
        self.signers |= {version: signer_of(folder) for version, folder in lying_at}

    def _bar(self, unsound: Collection[Unsound]) -> None:
        self.recalled = frozenset(each.version for each in unsound if each.recalled)
        self.withheld = frozenset(each.version for each in unsound if each.withheld)

    def survived(self, version: str, what: Iterable[str], at_ms: int) -> None:
        """Remember what an unload left behind, the latest of each version."""
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at_ms / 1000))
        self.survivors.pop(version, None)
        self.survivors[version] = tuple(f"{each} ({when})" for each in what)[:MOST_SURVIVORS]
        while len(self.survivors) > MOST_LEAKY:
            del self.survivors[next(iter(self.survivors))]

    @property
    def versions(self) -> list[str]:
        """All that are known: the highest first, then those that only a failure or something left behind tells of."""
        known = {found.manifest.version: found.manifest.semver for found in self.found}
        known |= {active.version: active.manifest.semver for active in (*self.running, *self.leaving)}
        ordered = sorted(known, key=lambda version: known[version], reverse=True)
        return list(dict.fromkeys([*ordered, *self.failed, *self.survivors]))

    def version(self, version: str) -> Active | None:
        """The running one with this version."""
        if self.stable is not None and self.stable.version == version:
            return self.stable
        return self.others.get(version)

    def with_job(self, job: str) -> Active | None:
        """Who runs a job of no chat: the stable version, unless only another one has it."""
        return next((each for each in self.running if job in each.plugin.declared.jobs), None)

    def on_disk(self, version: str) -> Found:
        """`NotFound` when there is no sound one."""
        for found in self.found:
            if found.manifest.version == version:
                return found
        raise NotFound(what="version", name=f"{self.id} {version}")

    def candidates(self, chosen: str) -> Iterator[Found]:
        """Versions that may become the stable one, in this order; only the chosen one where there is a choice."""
        picked = [found for found in self.found if found.manifest.version == chosen]
        yield from picked or self.found

    def first(self, chosen: str) -> list[tuple[str, str]]:
        """What of this process it starts with, by its fingerprint; nothing where that is unreadable."""
        found = next((each for each in self.candidates(chosen) if each.manifest.runtime != "process"), None)
        with suppress(OSError):
            return [(self.id, fingerprint(found.folder))] if found else []
        return []

    def canary(self, stable: Active) -> Found | None:
        """The highest version that its manifest makes a canary of the stable one."""
        newer = (
            found
            for found in self.found
            if found.manifest.canary_weight is not None and found.manifest.semver > stable.manifest.semver
        )
        return max(newer, key=lambda found: found.manifest.semver, default=None)
