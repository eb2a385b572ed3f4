from __future__ import annotations

import pytest

from kagami.i18n import translator
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


def test_a_reason_of_ours_is_said_in_the_persons_language() -> None:
    reason = "127.0.0.1 cannot be reached: the connection was refused"
    step = LoginStep(number=1, kind="failed", text="The login failed: {reason}", fields={"reason": reason})
    assert step.words(translator("zh")) == "登录失败：无法连接到 127.0.0.1：连接被拒绝"


@pytest.mark.parametrize(("field", "text"), [("reason", "er hat nein gesagt"), ("name", "the connection was refused")])
def test_what_comes_from_outside_stays_as_it_is(field: str, text: str) -> None:
    step = LoginStep(number=1, kind="failed", text=f"{{{field}}}", fields={field: text})
    assert step.words(translator("zh")) == text
