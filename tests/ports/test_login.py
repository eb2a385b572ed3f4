from __future__ import annotations

import pytest

from kagami.ports import Choice, LoginStep
from kagami.ports.login import StepKind
from tests.ports.crossing import crossed


def test_a_step_crosses_as_it_is() -> None:
    step = LoginStep(
        number=3,
        kind="choose",
        text="How?",
        fields={"name": "小镜"},
        until_ms=1,
        choices=(Choice("10001", "小镜"), Choice("qr", "By a code", known=True)),
        asks=("code",),
        secret=("code",),
    )
    assert crossed(step) == step


@pytest.mark.parametrize(("kind", "over"), [("qr", False), ("ask", False), ("done", True), ("failed", True)])
def test_it_ends_done_or_failed(kind: StepKind, over: bool) -> None:
    assert LoginStep(number=1, kind=kind).over == over


def test_its_words_are_those_of_the_person_and_the_fields_are_no_template() -> None:
    step = LoginStep(number=1, kind="done", text="{name} is in.", fields={"name": "{0.__class__}"})
    assert step.words(lambda text: text.replace("is in", "ist da")) == "{0.__class__} ist da."


def test_a_text_whose_fields_are_missing_stays_as_it_is() -> None:
    assert LoginStep(number=1, kind="done", text="{who} is in.").words(str) == "{who} is in."
