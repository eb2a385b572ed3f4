from __future__ import annotations

import msgspec

from kagami.adapters.telegram.wire import ALLOWED_UPDATES, Answer, Chat, Numbered, Said, Update, User


def test_every_kind_that_is_read_is_asked_for() -> None:
    assert set(ALLOWED_UPDATES) >= {"message", "edited_message", "channel_post", "callback_query", "my_chat_member"}
    assert "update_id" not in ALLOWED_UPDATES


def test_unknown_fields_are_passed_over() -> None:
    raw = b'{"update_id":1,"message":{"message_id":2,"chat":{"id":-100,"type":"group","new":[1]},"newer":{}},"x":0}'
    assert msgspec.json.decode(raw, type=Update).message == Said(2, Chat(-100, "group"))


def test_ids_of_52_bits_stay_whole() -> None:
    assert msgspec.json.decode(b'{"id":4503599627370495}', type=User).id == 2**52 - 1


def test_the_number_of_a_strange_update_is_readable() -> None:
    assert msgspec.json.decode(b'{"update_id":7,"message":"?"}', type=Numbered).update_id == 7


def test_an_answer_that_says_no_says_when_and_where_to_try_again() -> None:
    raw = b'{"ok":false,"error_code":429,"description":"d","parameters":{"retry_after":5,"migrate_to_chat_id":-1}}'
    answer = msgspec.json.decode(raw, type=Answer)
    assert (answer.parameters.retry_after, answer.parameters.migrate_to_chat_id) == (5, -1)


def test_names_are_put_together() -> None:
    assert (User(1, first_name="Ada", last_name="L.").name, Chat(1, "private", first_name="Ada").name) == (
        "Ada L.",
        "Ada",
    )
