from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kagami.web.metrics import COUNTED, GAUGES, exposition, readings_of
from tests.engine.running import answers, engine, until, visiting
from tests.validators.tools import ROOT, complaints, read

RULES = "deploy/prometheus/rules.yml"
BOARD = "deploy/grafana/kagami.json"
_NAME = re.compile(r"\bkagami_[a-z_]+")
_GROUPED = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")
_SUFFIX = re.compile(r"_(bucket|count|sum)$")


def board() -> Any:
    return json.loads((ROOT / BOARD).read_text("utf-8"))


def queries() -> Iterator[str]:
    for panel in board()["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (each["expr"] for each in board()["annotations"]["list"])
    yield board()["templating"]["list"][1]["query"]["query"]


def rules() -> list[dict[str, Any]]:
    return [rule for group in read(RULES)["groups"] for rule in group["rules"]]


async def exported(home: Path) -> str:
    """What an engine says that has handled a message."""
    async with engine(home) as opened, visiting(opened) as peer:
        await answers(peer, "/echo well", "well")
        await until(lambda: any(name.startswith("plugin ") for name in opened.parts.meters.latency))
        return exposition(readings_of(opened.parts)).decode()


async def test_nothing_is_asked_for_that_an_engine_does_not_tell(tmp_path: Path) -> None:
    told = set(re.findall(r"^# TYPE (\S+)", await exported(tmp_path), re.MULTILINE))
    told |= {f"kagami_{name}_total" for name in COUNTED} | {f"kagami_{name}" for name in GAUGES}
    asked = {name for text in [*queries(), *(rule["expr"] for rule in rules())] for name in _NAME.findall(text)}
    assert {name for name in asked if _SUFFIX.sub("", name) not in told} == set()


async def test_what_the_rules_group_by_is_a_label(tmp_path: Path) -> None:
    labels = {"instance", "job", "le", "node", "role", *re.findall(r'[{,]([a-z_]+)="', await exported(tmp_path))}
    labels |= {each.label for each in COUNTED.values()}
    texts = [*queries(), *(rule["expr"] for rule in rules())]
    used = {word.strip() for text in texts for group in _GROUPED.findall(text) for word in group.split(",")}
    assert used - {""} <= labels


def test_prometheus_takes_the_rules() -> None:
    assert complaints("promtool", "check", "rules", RULES) == ""


def test_alerts_are_raised_by_what_they_are_for_and_by_nothing_else() -> None:
    assert complaints("promtool", "test", "rules", "rules.test.yml", folder=ROOT / "deploy" / "prometheus") == ""


def test_every_alert_is_tried() -> None:
    tried = (ROOT / "deploy" / "prometheus" / "rules.test.yml").read_text("utf-8")
    assert [rule["alert"] for rule in rules() if f'alertname="{rule["alert"]}"' not in tried] == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_how_bad_and_what(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"]["summary"]


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board()["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_panels_have_numbers_of_their_own() -> None:
    numbers = [panel["id"] for panel in board()["panels"]]
    assert len(set(numbers)) == len(numbers)
