from __future__ import annotations

import re

import pytest

from kagami import errors
from kagami.errors import KagamiError
from kagami.i18n import translator
from kagami.net import oswords
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
