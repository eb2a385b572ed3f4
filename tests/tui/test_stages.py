from __future__ import annotations

from kagami.i18n import translator
from kagami.model.trace import Mark
from kagami.tui.stages import STAGES, Leg, legs, stage_name
from tests.tui.world import trace_of


def test_every_stage_of_a_message_has_its_time_and_they_make_up_the_whole() -> None:
    trace = trace_of(1, "x")
    found = legs(trace)
    assert found == [
        Leg("frame", 0, 120, ""),
        Leg("lane", 120, 180, ""),
        Leg("guard", 180, 240, ""),
        Leg("route", 240, 310, "rule 4 'weather'"),
        Leg("start", 310, 330, ""),
        Leg("plugin", 330, 45_200, "weather@1.4.0: canary 12.50 < 25"),
        Leg("commit", 45_200, 46_100, ""),
        Leg("receipt", 46_100, 48_400, "sent"),
        Leg("plugin", 48_400, 48_900, "weather@1.4.0: canary 12.50 < 25"),
    ]
    assert sum(leg.end_us - leg.start_us for leg in found) == trace.total_us


def test_a_question_is_a_stage_and_the_handler_goes_on_behind_it() -> None:
    marks = (Mark("lane", 9), Mark("plugin", 10, "dice@1"), Mark("ask", 20), Mark("answer", 900))
    assert legs(trace_of(1, "x", marks=marks, total_us=950)) == [
        Leg("frame", 0, 9, ""),
        Leg("guard", 9, 10, ""),
        Leg("plugin", 10, 20, "dice@1"),
        Leg("ask", 20, 900, ""),
        Leg("plugin", 900, 950, "dice@1"),
    ]


def test_a_trace_without_marks_or_of_a_bad_frame_is_one_leg() -> None:
    assert legs(trace_of(1, "x", marks=(), total_us=0)) == [Leg("frame", 0, 0, "")]
    assert legs(trace_of(1, "x", marks=(Mark("frame", 0, "12 bytes"),), total_us=0)) == [Leg("frame", 0, 0, "12 bytes")]


def test_stages_have_names_in_both_languages() -> None:
    assert all(translator("zh")(text) != text for pair in STAGES.values() for text in pair)
    assert stage_name("guard", str) == "guard"
    assert stage_name("of a worker", str) == "of a worker"
