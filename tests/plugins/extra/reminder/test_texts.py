from __future__ import annotations

from datetime import datetime

import pytest

from kagami.plugins.extra.reminder.texts import Language, say, say_moment

NOW = datetime.fromisoformat("2025-10-09 14:00")


@pytest.mark.parametrize(
    ("moment", "zh", "en"),
    [
        ("2025-10-09 18:30", "今天 18:30", "today 18:30"),
        ("2025-10-09 14:00:30", "今天 14:00:30", "today 14:00:30"),
        ("2025-10-10 08:00", "明天 08:00", "tomorrow 08:00"),
        ("2025-10-11 08:00", "后天 08:00", "Sat 11 Oct 08:00"),
        ("2025-10-20 08:00", "10月20日 周一 08:00", "Mon 20 Oct 08:00"),
        ("2026-03-01 10:00", "2026年3月1日 周日 10:00", "Sun 1 Mar 2026 10:00"),
    ],
)
def test_a_moment_is_said_as_shortly_as_it_is_clear(moment: str, zh: str, en: str) -> None:
    said: list[str] = [say_moment(language, datetime.fromisoformat(moment), NOW) for language in ("zh", "en")]
    assert said == [zh, en]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_people_wrote_is_never_a_template(language: Language) -> None:
    assert "{0.__class__} {when}" in say(language, "set", when="18:30", text="{0.__class__} {when}")
