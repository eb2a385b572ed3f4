"""`python -m bench [--quick] [--only NAME,NAME] [--json FILE]`: one table, each goal beside it."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

import uvloop

from bench import commands, keys, machine, platforms, privacy, table
from bench.figures import QUICK, Plan, measure
from bench.sides import sides


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Kagami beside the floors and the peers.")
    parser.add_argument("--quick", action="store_true", help="short runs: an impression, not a result")
    parser.add_argument("--only", default="", help="names of sides, with commas")
    parser.add_argument("--json", type=Path, help="write every figure here")
    given = parser.parse_args()
    plan = QUICK if given.quick else Plan()
    wanted = [side for side in sides() if not given.only or side.name in given.only.split(",")]
    figures: dict[str, Any] = {"machine": machine.describe(), "plan": vars(plan)}
    figures["sides"] = {name: each.plain() for name, each in uvloop.run(measure(wanted, plan)).items()}
    if any(side.name == table.KAGAMI for side in wanted):
        figures["platforms"] = platforms.platform_figures(plan.starts)
        figures["version"] = commands.version_figures(plan.commands)
        figures["screen"] = commands.screen_figures(plan.starts)
        figures["keys"] = asyncio.run(keys.key_figures())
    figures["privacy"] = privacy.figures()
    table.show(figures)
    for line in privacy.table_lines():
        print(line)
    if given.json:
        figures["goals"] = [goal.plain() for goal in table.goals(figures)]
        given.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
