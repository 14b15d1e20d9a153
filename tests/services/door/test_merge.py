"""Somebody who was added at the door becomes the known person that they are, with what was recorded of them."""

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import AgeGroup, CadreKind, Sex
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Attendance, AuditEntry, Cadre, Certificate, Person, Scan, SignedLine, WalkIn
from outreach.queries.door import walk_ins
from outreach.services.certificates import make
from outreach.services.door import merge, paper
from outreach.services.privacy import person as privacy
from tests.services.door.devices import DAY, TWO, scan, send
from tests.support.copied import copied
from tests.world import a_person, at, count, fresh, invitation_of, invite_and_publish, set_state
from tests.world.held import AFTER
from tests.world.held import held as is_over

pytestmark = pytest.mark.usefixtures("any_app")
IMOPURO = "18.72.01.1003"


@copied
def held(activity, ani, coordinator):
    invite_and_publish(activity, ani, by=coordinator)
    return activity


def walk_in(activity, by, name, number=1, **said) -> Person:
    person = {"name": name, "sex": "female", "age_group": "from_25"} | said
    [answer] = send(activity, by, scan(number, DAY, how="walk_in", person=person)).answers
    return answer.scan.invitation.person


def test_people_of_the_same_name_or_a_similar_one_in_the_kelurahan_are_proposed(held, ani, budi, coordinator):
    region = ani.region_code
    elsewhere = a_person("Ani Wijaya")
    similar = a_person("Ani Widjaya", region_code=region)
    walk_in(held, coordinator, "Ibu Ani Wijaya", region=region)
    _page, [row] = walk_ins.rows()
    assert [person.id for person in row.likely] == [ani.id, elsewhere.id, similar.id]


def test_nobody_is_proposed_for_a_name_that_nobody_has(held, coordinator):
    walk_in(held, coordinator, "Zubaidah")
    assert [row.likely for row in walk_ins.rows()[1]] == [[]]


def test_the_attendance_of_a_walk_in_moves_to_the_known_person_who_was_not_invited(held, coordinator):
    wati = a_person("Wati Lestari", sex=Sex.FEMALE)
    came = walk_in(held, coordinator, "Wati Lestari", region=IMOPURO)
    scans = db.session.scalars(sa.select(Scan.id)).all()
    gone = came.id
    merge.merge(gone, wati.id, by=coordinator, now=at(18, 13))
    invitation = fresh(invitation_of(held, wati))
    assert (invitation.attendance.present, invitation.attendance.in_at) == (True, DAY)
    assert db.session.scalars(sa.select(Scan.invitation_id)).all() == [invitation.id]
    assert (db.session.get(Person, gone), count(WalkIn)) == (None, 0)
    assert (fresh(wati).region_code, fresh(wati).age_group) == (IMOPURO, AgeGroup.FROM_25)
    said = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "person.merged")).one()
    assert (said.subject_id, said.detail) == (
        wati.id,
        {"name_given": "Wati Lestari", "scans": 1, "first_scan": scans[0], "last_scan": scans[0]},
    )


def test_the_scans_of_a_walk_in_join_those_of_an_invitee_who_declined_and_came(held, ani, coordinator):
    set_state(held, InvitationState.NOT_COMING, ani)
    came = walk_in(held, coordinator, "Ani Wijaya")
    send(
        held, coordinator, scan(1, at(18, 8, 20), invitation=invitation_of(held, ani).id), device=TWO, now=at(18, 8, 20)
    )
    merge.merge(came.id, ani.id, by=coordinator, now=at(18, 13))
    invitation = fresh(invitation_of(held, ani))
    assert (invitation.state, invitation.attendance.in_at, invitation.attendance.conflicts) == (
        InvitationState.COMING, DAY, 1,
    )  # fmt: skip
    assert set(db.session.scalars(sa.select(Scan.invitation_id))) == {invitation.id}
    assert count(Attendance) == 1


def test_what_was_read_on_the_signed_list_of_a_walk_in_moves_to_the_invitee(held, ani, coordinator):
    came = walk_in(held, coordinator, "Ani Wijaya")
    own = invitation_of(held, came).id
    paper.read(held.id, [own], [own], by=coordinator, now=at(18, 13))
    merge.merge(came.id, ani.id, by=coordinator, now=at(18, 13))
    lines = db.session.execute(sa.select(SignedLine.invitation_id, SignedLine.signed)).all()
    assert lines == [(invitation_of(held, ani).id, True)]


@pytest.mark.parametrize("was_invited", [True, False])
def test_a_certificate_of_a_walk_in_goes_with_them(held, ani, coordinator, was_invited):
    known = ani if was_invited else a_person("Wati Lestari")
    came = walk_in(held, coordinator, known.name)
    activity_id = is_over(held).id
    [made] = make.make_all(activity_id, by=coordinator, now=AFTER).certificates
    merge.merge(came.id, known.id, by=coordinator, now=AFTER)
    assert fresh(made).invitation_id == invitation_of(held, known).id
    assert privacy.export(known.id, by=coordinator, now=AFTER)["certificates"][0]["number"] == made.number


def test_two_certificates_that_stand_are_not_merged(held, ani, coordinator):
    came = walk_in(held, coordinator, "Ani Wijaya")
    send(held, coordinator, scan(2, DAY, invitation=invitation_of(held, ani).id))
    make.make_all(is_over(held).id, by=coordinator, now=AFTER)
    with pytest.raises(merge.UsedElsewhere):
        merge.merge(came.id, ani.id, by=coordinator, now=AFTER)
    assert count(Certificate) == 2


def test_a_walk_in_who_is_new_stays_as_they_are(held, coordinator):
    came = walk_in(held, coordinator, "Zubaidah")
    merge.keep(came.id, by=coordinator, now=at(18, 13))
    assert (count(WalkIn), fresh(came).name) == (0, "Zubaidah")
    with pytest.raises(merge.WalkInMissing):
        merge.keep(came.id, by=coordinator, now=at(18, 13))


def test_a_walk_in_is_merged_once_with_somebody_else_who_is_known(held, ani, coordinator):
    came = walk_in(held, coordinator, "Ani Wijaya").id
    for other in (came, 99_999):
        with pytest.raises(merge.NotToMerge):
            merge.merge(came, other, by=coordinator, now=at(18, 13))
    merge.merge(came, ani.id, by=coordinator, now=at(18, 13))
    with pytest.raises(merge.WalkInMissing):
        merge.merge(came, ani.id, by=coordinator, now=at(18, 13))


def test_a_walk_in_who_has_become_a_cadre_is_not_deleted(held, ani, coordinator):
    came = walk_in(held, coordinator, "Ani Wijaya")
    db.session.add(Cadre(person=came, kind=CadreKind.PKK, region_code=IMOPURO))
    db.session.commit()
    with pytest.raises(merge.UsedElsewhere):
        merge.merge(came.id, ani.id, by=coordinator, now=at(18, 13))
    assert count(WalkIn) == 1


def test_an_erased_person_leaves_their_scans_counted_and_without_name_and_code(held, ani, coordinator):
    came = walk_in(held, coordinator, "Wati Lestari")
    send(held, coordinator, scan(2, DAY, how="walk_in", person={"name": "Wati Lestari <08>"}))
    held_about = privacy.export(came.id, by=coordinator, now=at(18, 13))
    assert [(one["how"], one["outcome"], one["device"]) for one in held_about["scans"]] == [("walk_in", "present", 1)]
    privacy.erase(came.id, by=coordinator, now=at(18, 14))
    stored = db.session.execute(sa.select(Scan.outcome, Scan.name, Scan.code).order_by(Scan.id)).all()
    assert [row.outcome.value for row in stored] == ["present", "unreadable"]
    assert all("Wati" not in row.name for row in stored)
    assert (count(WalkIn), count(Attendance)) == (0, 1)
