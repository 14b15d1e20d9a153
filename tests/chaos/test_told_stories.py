"""Stories that once ended with a wrong mail, found by test_any_order.py."""

import pytest

from tests.chaos.support.faults import DOT, KILL_AFTER_TAKING, RCPT, Fault
from tests.chaos.support.story import ChaosStory
from tests.chaos.support.truth import CANCELLATION, CHANGE, HOUR
from tests.chaos.support.world import World


@pytest.fixture
def story(tmp_path):
    with World(tmp_path) as world:
        yield ChaosStory(world)


def told(story: ChaosStory) -> list[tuple[str, str]]:
    return [(part.key, part.activity) for _when, _id, _to, parts in story.truth.written for part in parts]


def test_a_person_who_may_have_got_an_invitation_is_notified_of_the_cancellation(story):
    """The worker died once the server had Ani's invitation, which is repeated together with the cancellation."""
    story.invite("Alfa", "ani")
    story.invite("Gama", "ani")
    story.publish("Alfa")
    story.publish("Gama")
    story.crash(fault=Fault(DOT, KILL_AFTER_TAKING, times=1))
    story.cancel("Gama")
    story.pass_quietly(1)
    assert told(story).count((CANCELLATION, "Gama")) == 1
    assert max(story.ids.values()) == 2  # the mail in doubt arrived twice, under one Message-ID


def test_two_moves_give_one_notice_if_the_first_was_refused_for_a_while(story):
    story.invite("Alfa", "ani")
    story.publish("Alfa")
    story.work()
    story.move("Alfa", HOUR)
    story.misbehaving(Fault(RCPT, "451 greylisted", times=1))
    story.move("Alfa", HOUR)
    story.pass_quietly(1)
    assert told(story).count((CHANGE, "Alfa")) == 1
