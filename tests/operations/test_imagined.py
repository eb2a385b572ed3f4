from __future__ import annotations

import pytest

from kagami.errors import UsageError
from kagami.operations.imagined import checked, happening, imagined


def test_a_word_is_what_platforms_call_it_and_a_name_stays_as_it_is() -> None:
    assert happening("join") == ("notice", "group_increase.approve")
    assert happening("friend") == ("request", "friend")
    assert happening("essence.add") == ("notice", "essence.add")
    with pytest.raises(UsageError):
        happening("dance")


def test_an_imagined_message_is_of_whom_and_where_one_says() -> None:
    event = imagined(user="qq:7", chat="group:1", bot="", platform="", text="hi")
    assert (event.bot, event.user, event.chat, event.name, event.text) == ("qq:", "7", "group:1", "group", "hi")


def test_images_are_embedded_and_not_too_many() -> None:
    assert list(checked("", ["base64://AAAA"])) == ["base64://AAAA"]
    for text, images in (("", []), ("a", ["/etc/passwd"]), ("a", ["base64://A"] * 10)):
        with pytest.raises(UsageError):
            checked(text, images)
