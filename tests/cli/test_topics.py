from __future__ import annotations

import click
import pytest

from kagami.cli.options import Command
from kagami.cli.topics import TOPICS, topic
from kagami.operations import registry
from tests.cli.conftest import Say


def test_every_topic_has_a_sentence() -> None:
    assert {each.topic for each in registry().by_name.values()} == set(TOPICS)


def test_what_is_no_topic_is_no_group() -> None:
    assert topic("dance", str) is None


# Commands that are no operations.
BESIDE = {"audit": ["reseal"]}


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_has_the_verbs_of_its_operations(name: str) -> None:
    group = topic(name, str)
    assert group is not None
    context = click.Context(group)
    verbs = sorted([*(each.verb for each in registry().by_name.values() if each.topic == name), *BESIDE.get(name, ())])
    assert group.list_commands(context) == verbs
    assert all(isinstance(group.get_command(context, verb), Command) for verb in verbs)
    assert group.get_command(context, "dance") is None


def test_the_audit_is_verified_without_an_engine(say: Say) -> None:
    said = say("audit", "verify", "--help")
    assert (said.code, "--home" in said.out, said.err) == (0, True, "")


def test_a_backup_needs_no_verb(say: Say) -> None:
    assert "--audit-key" in say("backup", "--help").out
