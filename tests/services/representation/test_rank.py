"""The rank of who comes in an invitee's place: said on its own or with the name, and kept."""

import pytest

from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, Role
from outreach.extensions import db
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.answers import undo as undoing
from tests.support.copied import copied
from tests.world import NOW, at, invitation_of, invite_and_publish, token_of

pytestmark = pytest.mark.usefixtures("any_app")


@copied
def invited(activity, chief):
    invite_and_publish(activity, chief, role=Role.SPEAKER)
    return activity


def name(activity, chief, who, now=NOW):
    answering.answer(token_of(chief), activity.id, Choice.REPRESENTED, who, now=now)


def acting(activity, chief) -> tuple[str, str]:
    db.session.rollback()
    found = invitation_of(activity, chief).acting
    return found.name, found.rank


@pytest.mark.parametrize(
    ("written", "rank", "stored"),
    [
        ("Rina Dewi", "Kompol", ("Kompol Rina Dewi", "Kompol")),
        ("Kompol Rina Dewi", "", ("Kompol Rina Dewi", "Kompol")),
        ("Kompol Rina Dewi", "kompol", ("Kompol Rina Dewi", "Kompol")),
        ("Kompol Rina Dewi, S.H.", "AKBP", ("AKBP Rina Dewi, S.H.", "AKBP")),
        ("Rina Dewi", "Penata Tk. I", ("Rina Dewi", "Penata Tk. I")),
        ("Rina Dewi", "", ("Rina Dewi", "")),
    ],
)
def test_a_rank_of_the_police_stands_before_the_name_and_others_beside_it(invited, chief, written, rank, stored):
    name(invited, chief, Representative(written, rank=rank))
    assert acting(invited, chief) == stored


def test_a_correction_that_says_no_rank_keeps_it_and_one_that_says_another_changes_it(invited, chief):
    name(invited, chief, Representative("Rina Dewi", rank="Kompol"))
    name(invited, chief, Representative("Rina Dewi", "Wakapolres"))
    assert acting(invited, chief) == ("Kompol Rina Dewi", "Kompol")
    name(invited, chief, Representative("AKBP Rina Dewi", "Wakapolres", rank="Kompol"))
    assert acting(invited, chief) == ("AKBP Rina Dewi", "AKBP")


def test_undoing_a_correction_of_the_rank_restores_the_former_one(invited, chief):
    name(invited, chief, Representative("Rina Dewi", rank="Penata Tk. I"))
    name(invited, chief, Representative("Rina Dewi", rank="Pembina"), at(5))
    undoing.undo(token_of(chief), now=at(5, 9))
    assert acting(invited, chief) == ("Rina Dewi", "Penata Tk. I")
    invitation_id = invitation_of(invited, chief).id
    recording.record_answer(invitation_id, Choice.COMING, AnswerSource.PHONE, by=None, now=at(6))
    undoing.undo_recorded(invitation_id, by=None, now=at(6, 9))
    assert acting(invited, chief) == ("Rina Dewi", "Penata Tk. I")
