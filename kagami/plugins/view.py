"""Plugins as operators see them: one row each, with all that is known of its versions."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.meters import Meters
from kagami.plugins.active import Active
from kagami.plugins.fleet import Fleet
from kagami.plugins.line import Line
from kagami.plugins.manifest import Manifest
from kagami.plugins.rollouts import Rollout
from kagami.ports import PluginRow, VersionRow, VersionState

STARTING = mark("Its process is starting: what happens meanwhile waits for it.")
_UNKNOWN = Manifest(id="", version="", entry="")


class View:
    """Makes the rows of a fleet's lines."""

    def __init__(self, fleet: Fleet, meters: Meters) -> None:
        self._fleet = fleet
        self._decided = fleet.decided
        self._meters = meters

    def row(self, line: Line) -> PluginRow:
        active, rollout, choice = line.stable, self._rollout(line), self._decided.choices.of(line.id)
        manifest = active.manifest if active else line.found[0].manifest if line.found else _UNKNOWN
        return PluginRow(
            line.id,
            active.version if active else "",
            manifest.name or line.id,
            self._state(line),
            builtin=line.builtin,
            description=manifest.description,
            author=manifest.author,
            runtime=manifest.runtime,
            permissions=manifest.permissions,
            error=next(iter(line.failed.values()), ""),
            problems=tuple(self._problems(line)),
            commands=self._commands(line),
            canary=rollout.version if rollout else "",
            weight=rollout.weight if rollout else 0,
            previous=choice.previous,
            pinned=choice.pinned,
            off_in=self._decided.switches.count(line.id),
            handled=self._meters.count["plugin handled", line.id],
            failed=self._meters.count["plugin failed", line.id],
            p95_ms=self._meters.latency[f"plugin {line.id}"].quantile(0.95) * 1000,
            versions=tuple(self._version(line, version) for version in line.versions),
        )

    def _commands(self, line: Line) -> tuple[str, ...]:
        """As people write them: with their sign, under the names that operators gave them."""
        lines = self._fleet.lineup.table.lines
        return tuple(each.usage.partition(" ")[0] for each in lines if each.plugin == line.id and each.name)

    def _rollout(self, line: Line) -> Rollout | None:
        """The one whose canary runs."""
        rollout = self._decided.rollouts.active.get(line.id)
        return rollout if rollout is not None and rollout.version in line.others else None

    def _state(self, line: Line) -> str:
        if self._decided.switches.is_off_everywhere(line.id):
            return "disabled"
        if self._decided.quarantine.is_quarantined(line.id):
            return "quarantined"
        if line.stable is None:
            return "parked" if line.starting else "failed" if line.failed else "draining"
        return "parked" if line.stable.resting else "active"

    def _problems(self, line: Line) -> list[str]:
        conflicts = self._fleet.lineup.table.conflicts
        problems = [each.text() for each in conflicts if each.plugin == line.id]
        if stuck := sum(each.crew.stuck for each in line.running):
            problems.append(f"{stuck} handlers ignore their cancellation")
        child = line.stable.child if line.stable else None
        lacks = child.unconfined if child else ()
        return problems + [f"its process is not confined as it should be: this system has no {lack}" for lack in lacks]

    def _version(self, line: Line, version: str) -> VersionRow:
        active = line.version(version) or next((each for each in line.leaving if each.version == version), None)
        tally, rollout = self._decided.rollouts.tally(line.id, version), self._decided.rollouts.active.get(line.id)
        serves = active is not None and active not in line.leaving
        row = VersionRow(
            version,
            _state_of(line, version, active),
            weight=rollout.weight if rollout is not None and rollout.version == version else 0,
            events=tally.events,
            errors=tally.errors,
            p95_ms=tally.latency.quantile(0.95) * 1000,
            error=STARTING if _starts(line, version) else line.failed.get(version, ""),
            survivors=line.survivors.get(version, ()),
            signer=line.signers.get(version, ""),
            taken_back="" if serves else self._decided.rollouts.aborted(line.id, version),
        )
        return row if active is None else _running(row, active)


def _starts(line: Line, version: str) -> bool:
    """What has no readable manifest has no version either, and does not start."""
    return bool(version) and version == line.starting


def _state_of(line: Line, version: str, active: Active | None) -> VersionState:
    if active is None:
        if _starts(line, version):
            return "parked"
        return "recalled" if version in line.recalled else "failed" if version in line.failed else "standby"
    if active in line.leaving:
        return "draining"
    if active.resting:
        return "parked"
    return "active" if active is line.stable else "canary"


def _running(row: VersionRow, active: Active) -> VersionRow:
    return VersionRow(
        row.version,
        row.state,
        row.weight,
        row.events,
        row.errors,
        row.p95_ms,
        active.crew.busy,
        active.since_ms,
        row.error or active.trouble,
        row.survivors,
        active.digest,
        row.signer,
        row.taken_back,
    )
