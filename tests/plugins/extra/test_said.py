"""What a keeper reads of the settings of first-party plugins."""

from __future__ import annotations

import pytest

from kagami.plugins.extra.chat.options import ChatSettings
from kagami.plugins.extra.moderation.rules import Rules
from kagami.plugins.extra.reminder.main import ReminderSettings
from kagami.plugins.settings import Settings, fields

LONGEST = 77  # what a form has room for on the smallest screen


@pytest.mark.parametrize("kind", [ChatSettings, Rules, ReminderSettings])
def test_every_setting_says_what_it_is_on_one_line(kind: type[Settings]) -> None:
    assert [each.name for each in fields(kind, {}) if not 0 < len(each.text) <= LONGEST] == []
