"""What became of one execution, in rows: outcome, error, and every send with what the platform said."""

from __future__ import annotations

from kagami.i18n import Translate, mark
from kagami.model.trace import Trace
from kagami.operations.traces import Traced
from kagami.ports import MessageRow
from kagami.reasons.say import say
from kagami.tui.details import detail_text
from kagami.tui.figures import clock_ms, micros
from kagami.tui.format import fit
from kagami.tui.looks import Looks
from kagami.tui.stages import STAGES, Leg, stage_name
from kagami.tui.widgets.page import fact, paragraph
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.words import EXPLAINED, outcome_span


def stage_text(leg: Leg, width: int, looks: Looks, t: Translate) -> list[Line]:
    """What the marked stage is, with its times in full and its whole detail."""
    times = f"{leg.start_us} → {leg.end_us} µs" if looks.glyphs.tier == "full" else f"{leg.start_us} - {leg.end_us} us"
    built: list[Line] = [[Span(f" {stage_name(leg.stage, t)} ", "title"), Span(times, "dim")]]
    if leg.stage in STAGES:
        built += paragraph(t(STAGES[leg.stage][1]), width, looks, "dim")
    if leg.detail:
        built += paragraph(detail_text(leg.stage, leg.detail, t), width, looks)
    return [*built, ()]


def receipt_lines(one: Traced, width: int, looks: Looks, t: Translate) -> list[Line]:
    """The whole trace but its bars."""
    trace = one.trace
    by = "".join(f"  {name}" for name in dict.fromkeys((trace.plugin, trace.worker)) if name)
    built: list[Line] = [[Span(" "), outcome_span(trace.outcome, looks.glyphs, t), Span(by, "accent")]]
    for each in reasons(one.trace):
        built += paragraph(f"{t(mark('why this version'))}: {detail_text('plugin', each, t)}", width, looks, "dim")
    built += [row for each in lateness(trace) for row in paragraph(say(each, t), width, looks, "warn")]
    if trace.outcome in EXPLAINED:
        built += paragraph(t(EXPLAINED[trace.outcome]), width, looks, "dim")
    if trace.error:
        built += [(), *paragraph(say(trace.error, t), width, looks, "bad")]
    built += [(), [Span(" " + t(mark("sends")) + f" {len(one.sends)}", "title")]]
    for send in one.sends:
        built += send_lines(send, width, looks, t)
    built.append(())
    for name, value in _facts(trace):
        built += fact(t(name), value, width, looks)
    return built


def _facts(trace: Trace) -> tuple[tuple[str, str], ...]:
    """Names are marked."""
    return (
        (mark("came"), clock_ms(trace.started_ms)),
        (mark("took"), f"{micros(trace.total_us)} ms"),
        (mark("bot"), trace.bot),
        (mark("chat"), trace.chat),
        (mark("user"), trace.user),
        (mark("plugin"), trace.plugin or "-"),
        *(((mark("worker"), trace.worker),) if trace.worker else ()),
        (mark("text"), trace.text),
        (mark("id"), trace.execution),
    )


def lateness(trace: Trace) -> list[str]:
    """How old it was when its turn came, where that was too old."""
    return [each.detail for each in trace.marks if each.stage == "late"]


def reasons(trace: Trace) -> list[str]:
    """Why versions were chosen, as the marks say it: `weather@1.4.0: canary 12.50 < 25`."""
    return [each.detail for each in trace.marks if each.stage == "plugin" and ": " in each.detail]


def send_lines(send: MessageRow, width: int, looks: Looks, t: Translate) -> list[Line]:
    """One send: what became of it, where it went, what it said."""
    sign = looks.glyphs.to
    number = f"  {send.message_id}" if send.message_id else ""
    number += f"  {t(mark('worker'))} {send.worker}" if send.worker else ""
    built: list[Line] = [
        [
            Span(" "),
            outcome_span(send.outcome, looks.glyphs, t),
            Span(f" {sign} {fit(send.chat, max(8, width - 24), looks.text)}{number}", "dim"),
        ]
    ]
    if send.reason:
        built += paragraph(say(send.reason, t), width, looks, "warn", 3)
    return [*built, *paragraph(send.text, width, looks, "text", 3)]
