from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kagami import errors
from kagami.errors import KagamiError
from kagami.i18n import translator
from kagami.net import oswords
from kagami.plugins.manifest import read_manifest
from kagami.reasons.say import say
from kagami.reasons.texts import TEMPLATES
from tests.reasons.said import templates

# Errors whose texts become reasons of bots and of sends.
NESTED = (
    errors.Unavailable, errors.NotReached, errors.Crowded, errors.CredentialsRefused, errors.CodeNeeded,
    errors.Declined, errors.WireError, errors.BotOffline, errors.StoreClosed, errors.PrivateAddress,
)  # fmt: skip


def test_everything_that_is_said_of_bots_and_sends_has_its_chinese() -> None:
    zh = translator("zh")
    found = {text: place for text, place in templates().items() if re.search("[a-z]{2}", text)}
    assert len(found) > 200, "the search itself finds them"
    english = [f"{place}: {text}" for text, place in found.items() if say(_filled(text), zh) == _filled(text)]
    assert english == []


def _filled(template: str) -> str:
    return template.replace("{}", "7")


@pytest.mark.parametrize("kind", NESTED)
def test_errors_inside_reasons_are_known(kind: type[KagamiError]) -> None:
    assert re.sub(r"\{\w+\}", "{}", kind.__doc__ or "") in TEMPLATES


def test_all_that_the_system_is_made_to_say_is_known() -> None:
    words = {text for name, text in vars(oswords).items() if name.isupper() and isinstance(text, str)}
    assert words
    assert words <= set(TEMPLATES)


_FAULTS: tuple[dict[str, object], ...] = (
    {"api": "7"}, {"id": "a b"}, {"entry": 7}, {"entry": "main"}, {"entry": "'", "runtime": "process"},
    {"entry": "", "runtime": "process"}, {"permissions": ["all"]}, {"dependencies": ["a b c"]}, {"signature": "x"},
    {"files": {"/x": "y"}}, {"runtime": "java"}, {"entri": ""}, {"dialect": True}, {"entry_point": "main:plugin"},
)  # fmt: skip


@pytest.mark.parametrize("fault", [*_FAULTS, {"version": None}, {"entry": None}])
def test_what_is_wrong_with_a_manifest_has_its_chinese(fault: dict[str, object], tmp_path: Path) -> None:
    keys = {"id": "greeter", "version": "1.0.0", "entry": "main:plugin"} | fault
    given = {key: value for key, value in keys.items() if value is not None}
    (tmp_path / "plugin.json").write_text(json.dumps(given), "utf-8")
    with pytest.raises(errors.ManifestError) as told:
        read_manifest(tmp_path)
    reason = str(told.value.details["reason"])
    assert say(reason, translator("zh")) != reason
