from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kagami.adapters.dingtalk.answers import Outcome, read_outcome


@pytest.mark.parametrize(
    ("status", "body", "state", "code"),
    [
        (200, {"processQueryKey": "k"}, "done", ""),
        (200, {"errcode": 0, "errmsg": "ok"}, "done", ""),
        (200, {"errcode": 310000, "errmsg": "keywords not in content"}, "refused", "310000"),
        (200, {"errcode": -1, "errmsg": "系统繁忙"}, "unclear", "-1"),
        (200, {"errcode": 130101, "errmsg": "send too fast"}, "limited", "130101"),
        (200, {"errcode": 40014, "errmsg": "不合法的access_token"}, "stale", "40014"),
        (401, {"code": "InvalidAuthentication", "message": "x"}, "stale", "InvalidAuthentication"),
        (400, {"code": "InvalidAuthentication", "message": "x"}, "stale", "InvalidAuthentication"),
        (403, {"code": "Forbidden.AccessDenied.X", "message": "scope"}, "refused", "Forbidden.AccessDenied.X"),
        (403, {"code": "Forbidden.AccessDenied.QpsLimitForApi"}, "limited", "Forbidden.AccessDenied.QpsLimitForApi"),
        (400, {"code": "Throttling.Api"}, "limited", "Throttling.Api"),
        (503, {"code": "ServiceUnavailable.Throttling"}, "limited", "ServiceUnavailable.Throttling"),
        (429, {}, "limited", "429"),
        (500, {"code": "InternalError"}, "unclear", "InternalError"),
        (404, {}, "refused", "404"),
    ],
)
def test_what_an_answer_means(status: int, body: Any, state: str, code: str) -> None:
    outcome = read_outcome(status, msgspec.json.encode(body), {})
    assert (outcome.state, outcome.code) == (state, code)


def test_an_answer_may_say_when_to_come_again() -> None:
    assert read_outcome(429, b"{}", {"retry-after": "7"}).seconds == 7.0
    assert read_outcome(429, b"{}", {"retry-after": "soon"}).seconds == 0.0


def test_an_answer_that_is_no_json_is_not_taken_for_done() -> None:
    assert read_outcome(200, b"<html>", {}) == Outcome("unclear", reason="its answer is no JSON")
    assert read_outcome(200, b"", {}) == Outcome("done", {})
    assert read_outcome(502, b"<html>", {}).state == "unclear"


def test_a_reason_names_what_dingtalk_said() -> None:
    body = msgspec.json.encode({"code": "Forbidden", "message": "应用尚未开通所需的权限：[qyapi_robot_sendmsg]"})
    assert read_outcome(403, body, {}).reason == "DingTalk: 应用尚未开通所需的权限：[qyapi_robot_sendmsg] (Forbidden)"
