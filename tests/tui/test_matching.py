from __future__ import annotations

from kagami.tui.matching import best, score


def test_letters_in_their_order_match_and_others_do_not() -> None:
    assert score("gtl", "Go to Logs") > 0
    assert score("ltg", "Go to Logs") == 0


def test_a_word_beats_scattered_letters() -> None:
    assert score("log", "Go to Logs") > score("log", "let others go")


def test_the_beginning_of_a_word_beats_its_middle() -> None:
    assert score("log", "Logs") > score("log", "catalog")


def test_nothing_wanted_matches_all() -> None:
    assert score("", "anything") > 0


def test_letters_strewn_over_a_sentence_are_chance() -> None:
    assert score("zqx", "a lazy equine fixes nothing") == 0


def test_the_best_spelling_counts() -> None:
    assert best("rz", ("日志", "Logs", "rz")) == score("rz", "rz")
