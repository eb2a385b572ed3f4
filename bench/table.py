"""One table with ratios, and what the goals say to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Plain = Mapping[str, Any]
FLOOR, KAGAMI, NONEBOT, AIOCQHTTP = "floor", "Kagami", "NoneBot2", "aiocqhttp"


@dataclass(frozen=True)
class Goal:
    """`value` is measured, `limit` is wanted; `most` means that less is better."""

    name: str
    value: float
    limit: float
    most: bool = False

    @property
    def met(self) -> bool:
        return self.value <= self.limit if self.most else self.value >= self.limit

    def plain(self) -> Plain:
        return {"name": self.name, "value": self.value, "limit": self.limit, "most": self.most, "met": self.met}


def side_lines(sides: Mapping[str, Plain]) -> Iterator[str]:
    floor = sides.get(FLOOR)
    yield (
        f"{'':16}{'64 in flight':>14}{'':>9}{'':>9}{'':>9}{'':>9}  {'1 in flight':>11}{'':>9}"
        f"  {'no handler':>11}  {'memory MiB':>15}{'start':>8}{'load':>6}"
    )
    yield (
        f"{'':16}{'echo/s':>14}{'of floor':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU µs':>9}  {'p50 ms':>11}{'p99 ms':>9}"
        f"  {'events/s':>11}  {'idle':>7}{'loaded':>8}{'s':>8}{'busy':>6}"
    )
    for name, side in sides.items():
        many, one = side["in_flight"]["64"], side["in_flight"]["1"]
        received = side["received_per_second"]
        share = f"{many['per_second'] / floor['in_flight']['64']['per_second']:.1%}" if floor else ""
        yield (
            f"{name:16}{many['per_second']:>14,.0f}{share:>9}{many['p50_ms']:>9.2f}{many['p99_ms']:>9.2f}"
            f"{many['cpu_us']:>9.0f}  {one['p50_ms']:>11.2f}{one['p99_ms']:>9.2f}  {received:>11,.0f}"
            f"  {side['idle_mib']:>7.1f}{side['loaded_mib']:>8.1f}{side['start_s']:>8.2f}{many['load_busy']:>6.0%}"
        )


def goals(figures: Plain) -> list[Goal]:
    """Each goal whose figures were measured."""
    sides: Mapping[str, Plain] = figures["sides"]
    found: list[Goal] = []
    kagami = sides.get(KAGAMI)
    if kagami:
        for other, make in ((FLOOR, _beside_floor), (NONEBOT, _beside_nonebot), (AIOCQHTTP, _beside_aiocqhttp)):
            if other in sides:
                found += make(kagami, sides[other])
    if (all_kinds := figures.get("platforms")) and NONEBOT in sides:
        ready, idle = (
            all_kinds["ready_s"] / sides[NONEBOT]["start_s"],
            all_kinds["idle_mib"] / sides[NONEBOT]["idle_mib"],
        )
        found.append(Goal("memory idle, all platforms, × NoneBot2's", idle, 1, most=True))
        found.append(Goal("start to ready, all platforms, × NoneBot2's", ready, 1, most=True))
    if version := figures.get("version"):
        found.append(Goal("--version, × python -c pass", version["version_s"] / version["python_s"], 3, most=True))
    if screen := figures.get("screen"):
        found.append(Goal("first paint, × bare Textual", screen["paint_s"] / screen["bare_paint_s"], 1.5, most=True))
        found.append(
            Goal("memory with the UI, × bare Textual", screen["screen_mib"] / screen["bare_mib"], 1.6, most=True)
        )
    if keys := figures.get("keys"):
        found.append(Goal("key to paint under 5,000 events/s, p90 ms", keys["p90_ms"], 100, most=True))
    return found


def _echo(side: Plain, in_flight: int, name: str) -> float:
    return float(side["in_flight"][str(in_flight)][name])


def _beside_floor(kagami: Plain, floor: Plain) -> list[Goal]:
    received = kagami["received_per_second"] / floor["received_per_second"]
    share = _echo(kagami, 64, "per_second") / _echo(floor, 64, "per_second")
    return [
        Goal("echo, 64 in flight, share of the floor", share, 0.60),
        Goal("echo, 1 in flight, p99 × floor's", _echo(kagami, 1, "p99_ms") / _echo(floor, 1, "p99_ms"), 2, most=True),
        Goal("events with no handler, share of the floor", received, 0.75),
    ]


def _beside_nonebot(kagami: Plain, peer: Plain) -> list[Goal]:
    return [
        Goal("echo, 64 in flight, × NoneBot2", _echo(kagami, 64, "per_second") / _echo(peer, 64, "per_second"), 20),
        Goal(
            "echo, 1 in flight, p50 × NoneBot2's", _echo(kagami, 1, "p50_ms") / _echo(peer, 1, "p50_ms"), 1, most=True
        ),
        Goal("memory idle, × NoneBot2's", kagami["idle_mib"] / peer["idle_mib"], 1, most=True),
        Goal("start to ready, × NoneBot2's", kagami["start_s"] / peer["start_s"], 1, most=True),
    ]


def _beside_aiocqhttp(kagami: Plain, peer: Plain) -> list[Goal]:
    return [Goal("echo, 64 in flight, × aiocqhttp", _echo(kagami, 64, "per_second") / _echo(peer, 64, "per_second"), 2)]


def goal_lines(found: list[Goal]) -> Iterator[str]:
    for goal in found:
        sign = "≤" if goal.most else "≥"
        yield f"{goal.name:46}{goal.value:>9.2f}  {sign} {goal.limit:<5g} {'met' if goal.met else 'NOT MET'}"


def show(figures: Plain, say: Callable[[str], None] = print) -> None:
    host = figures["machine"]
    say(f"{host['cpu']}, {host['cores']} cores, Python {host['python']}, {host['system']}")
    for line in side_lines(figures["sides"]):
        say(line)
    for name, side in figures["sides"].items():
        if side["kept"]:
            say(f"{name} kept on disk: " + ", ".join(f"{count:,} {what}" for what, count in side["kept"].items()))
    say("")
    found = goals(figures)
    for line in goal_lines(found):
        say(line)
    if not all(goal.met for goal in found):
        say("\nWhere the time goes, and what stands in the way: docs/performance.md")
