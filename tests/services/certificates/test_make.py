"""Who gets a certificate, under which name and number; corrections and revocations. On both databases."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.delivery.mail.compose import compose
from outreach.domain.answers import Choice, Representative
from outreach.domain.bell import NewsKind
from outreach.domain.kinds import CertificateKind, Role
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.states import CertificateState
from outreach.extensions import db
from outreach.models import AgendaItem, AuditEntry, Certificate, Link, Message, MessageLine
from outreach.queries import bell as news
from outreach.queries.invitations import history
from outreach.queries.invitations.history import EntryKind
from outreach.services.certificates import make
from outreach.services.certificates.make import (
    CertificateEnded,
    CertificateNameMissing,
    HasCertificate,
    NobodyEntitled,
    NotEntitled,
    NotOverYet,
    RevocationReasonMissing,
    SameName,
)
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import (
    a_person,
    an_invitation,
    answer,
    at,
    at_once,
    draft_activity,
    drain,
    fresh,
    invitation_of,
    invite,
    mails,
    publish,
    run,
)
from tests.world.composed import parsed, text_of
from tests.world.held import AFTER, were_present
from tests.world.held import held as is_over

pytestmark = pytest.mark.usefixtures("any_app")


@copied
def held(activity, ani, budi, chief):
    """The activity is over: Ani was there as a cadre, the chief spoke, Budi did not come."""
    invite(activity, ani, budi)
    invite(activity, chief, role=Role.SPEAKER)
    publish(activity)
    run(at(4, 9))
    were_present(invitation_of(activity, ani))
    return is_over(activity)


def all_made():
    db.session.rollback()
    return db.session.scalars(sa.select(Certificate).order_by(Certificate.id)).all()


def made_by_press(activity, **options):
    return make.make_all(activity.id, by=None, now=AFTER, **options)


def test_of_more_people_than_one_press_takes_the_rest_follow_at_the_next(held, budi, monkeypatch):
    were_present(invitation_of(held, budi))
    monkeypatch.setattr(make, "MOST_AT_ONCE", 1)
    assert [len(made_by_press(held).certificates) for _press in range(2)] == [1, 1]
    assert [one.running for one in all_made()] == [1, 2]
    with pytest.raises(NobodyEntitled):
        made_by_press(held)


def test_only_who_was_present_gets_a_certificate_and_only_once(held, ani, coordinator):
    made = make.make_all(held.id, by=coordinator, now=AFTER)
    [one] = made.certificates
    assert (one.name, one.number, one.kind) == (
        "Ani Wijaya",
        "001/SERT/DP3AP2KB Kota Metro/2027",
        CertificateKind.PARTICIPANT,
    )
    assert (one.state, one.dated_on, one.invitation_id) == (
        CertificateState.STANDS, AFTER.date(), invitation_of(held, ani).id,
    )  # fmt: skip
    with pytest.raises(NobodyEntitled):
        made_by_press(held)
    log = db.session.execute(sa.select(AuditEntry.action, AuditEntry.detail).order_by(AuditEntry.id.desc())).first()
    assert log == ("activity.certificates_made", {"count": 1, "numbers": [one.number, one.number]})


def test_nothing_is_made_before_the_activity_is_over(activity, ani):
    invite(activity, ani)
    publish(activity)
    were_present(invitation_of(activity, ani))
    with pytest.raises(NotOverYet):
        make.make_all(activity.id, by=None, now=at(18, 11, 59))
    assert len(make.make_all(activity.id, by=None, now=at(18, 12)).certificates) == 1


def test_a_speaker_gets_theirs_with_every_topic_and_somebody_known_by_post_only_when_the_name_is_written(held, chief):
    speaking = invitation_of(held, chief)
    were_present(speaking)
    for hour, topic in ((8, "Rujukan"), (9, "Tanya jawab"), (10, "Rujukan")):
        held.agenda.append(AgendaItem(starts_at=at(18, hour), ends_at=at(18, hour + 1), topic=topic, speakers=[chief]))
    db.session.commit()
    made = made_by_press(held)
    assert ([one.name for one in made.certificates], made.unnamed) == (["Ani Wijaya"], 1)
    with pytest.raises(CertificateNameMissing):
        make.make_one(speaking.id, by=None, now=AFTER)
    one = make.make_one(speaking.id, " AKBP  Rudi Hartono, S.I.K. ", by=None, now=AFTER)
    assert (one.kind, one.name, one.running) == (CertificateKind.SPEAKER, "AKBP Rudi Hartono, S.I.K.", 2)
    assert make.values_of(one).topics == ("Rujukan", "Tanya jawab")
    with pytest.raises(HasCertificate):
        make.make_one(speaking.id, "Lain", by=None, now=AFTER)


def test_who_came_in_somebodys_place_gets_it_in_their_own_name(held, ani, budi):
    representative = Representative("Rina Dewi, S.Pd.", email="rina@example.com")
    answer(held, budi, Choice.REPRESENTED, representative=representative)
    coming = invitation_of(held, budi)
    were_present(coming)
    made = made_by_press(held).certificates
    assert [(one.name, one.acting_id) for one in made] == [("Ani Wijaya", None), ("Rina Dewi, S.Pd.", coming.acting.id)]
    reminding.tick(AFTER)
    assert mails()[-2:] == [("Ani", "19 09.00", ["certificate"]), ("Rina Dewi, S.Pd.", "19 09.00", ["certificate"])]
    message = db.session.scalars(sa.select(Message).order_by(Message.id.desc())).first()
    told = text_of(parsed(compose(message, message.lines, now=AFTER).data))
    assert (
        f"/j/{tokens.acting_token(coming.acting.nonce)}\n" in told.split("\n-- \n")[0]
    )  # said why, not only in the foot
    assert "If you cannot come" not in told


def test_nobody_else_is_told_of_the_certificate_of_somebody_without_an_address(held, budi):
    answer(held, budi, Choice.REPRESENTED, representative=Representative("Rina Dewi", phone="0812 3456 7890"))
    were_present(invitation_of(held, budi))
    assert len(made_by_press(held).certificates) == 2
    reminding.tick(AFTER)
    assert [reader for reader, _due, kinds in mails() if kinds == ["certificate"]] == ["Ani"]


def test_each_is_told_once_and_their_page_stays_open_for_it(held, ani):
    late = at(18, 12).replace(month=7)
    make.make_all(held.id, by=None, now=late)
    reminding.tick(late)
    told = [mail for mail in mails() if mail[2] == ["certificate"]]
    assert [reader for reader, *_rest in told] == ["Ani"]
    assert db.session.scalar(sa.select(Link.expires_at).where(Link.person_id == ani.id)) == late + tokens.lifetime()


def test_no_mail_is_written_if_staff_do_not_want_it(held):
    made_by_press(held, tell=False)
    reminding.tick(AFTER)
    assert "certificate" not in [kind for *_who, kinds in mails() for kind in kinds]


def test_a_mail_is_not_sent_if_the_certificate_was_revoked_meanwhile(held):
    [one] = made_by_press(held).certificates
    reminding.tick(AFTER)
    make.revoke(one.id, "Keliru dicentang", by=None, now=AFTER)
    drain(AFTER)
    assert db.session.scalars(
        sa.select(MessageLine.skipped).order_by(MessageLine.id.desc())
    ).first() == SkipReason.NO_CERTIFICATE.value  # fmt: skip


def test_a_corrected_name_makes_a_new_number_that_names_the_old(held, coordinator):
    [old] = made_by_press(held).certificates
    with pytest.raises(SameName):
        make.correct(old.id, "Ani  Wijaya", by=coordinator, now=AFTER)
    with pytest.raises(CertificateNameMissing):
        make.correct(old.id, "\u200b ", by=coordinator, now=AFTER)
    new = make.correct(old.id, "Ani Widjaja, S.E.", by=coordinator, now=at(20))
    assert (new.number, new.name, new.replaces_id) == ("002/SERT/DP3AP2KB Kota Metro/2027", "Ani Widjaja, S.E.", old.id)
    assert make.values_of(new).replaces == old.number
    assert make.values_of(new).activity == make.values_of(old).activity
    assert (fresh(old).state, fresh(old).name) == (CertificateState.REPLACED, "Ani Wijaya")
    with pytest.raises(CertificateEnded):
        make.correct(old.id, "Lain", by=coordinator, now=at(20))


def test_a_revoked_certificate_stays_on_record_and_is_not_made_again_by_itself(held, ani):
    [one] = made_by_press(held).certificates
    with pytest.raises(RevocationReasonMissing):
        make.revoke(one.id, "  ", by=None, now=at(20))
    make.revoke(one.id, "Pulang sebelum\r\nmulai", by=None, now=at(20))
    assert (fresh(one).state, one.ended_because, one.ended_at) == (
        CertificateState.REVOKED,
        "Pulang sebelum mulai",
        at(20),
    )
    with pytest.raises(CertificateEnded):
        make.revoke(one.id, "Lagi", by=None, now=at(20))
    with pytest.raises(NobodyEntitled):
        made_by_press(held)
    again = make.make_one(invitation_of(held, ani).id, by=None, now=at(21))
    assert (again.running, again.replaces_id) == (2, None)


def test_somebody_who_was_not_there_gets_none_whatever_the_form_says(held, budi):
    with pytest.raises(NotEntitled):
        make.make_one(invitation_of(held, budi).id, "Budi", by=None, now=AFTER)
    were_present(invitation_of(held, budi))
    were_present(invitation_of(held, budi), present=False)
    with pytest.raises(NotEntitled):
        make.make_one(invitation_of(held, budi).id, by=None, now=AFTER)


def test_numbers_run_by_year_over_all_activities(held, programme, ani, budi):
    made_by_press(held)
    other = draft_activity(programme, None)
    were_present(an_invitation(other, ani), an_invitation(other, budi))
    is_over(other)
    make.make_all(other.id, by=None, now=AFTER)
    assert [(one.year, one.running) for one in all_made()] == [(2027, 1), (2027, 2), (2027, 3)]
    make.correct(all_made()[0].id, "Ani W.", by=None, now=datetime.fromisoformat("2028-01-02T08:00:00+07:00"))
    assert all_made()[-1].number == "001/SERT/DP3AP2KB Kota Metro/2028"


def test_two_presses_at_once_leave_no_gap_and_give_no_number_twice(current_app_, programme, office):
    activities = [draft_activity(programme, None) for _number in range(3)]
    people = [a_person(f"Orang {number}") for number in range(8)]
    for one in activities:
        were_present(*(an_invitation(one, person) for person in people))
        is_over(one)
    ids = [one.id for one in activities]
    presses = [lambda id_=id_: make.make_all(id_, by=None, now=AFTER) for id_ in (*ids, *ids)]
    outcomes = at_once(current_app_, presses)
    assert sorted(outcomes) == ["NobodyEntitled"] * 3 + ["done"] * 3
    made = all_made()
    assert sorted(one.running for one in made) == list(range(1, 25))
    assert len({one.invitation_id for one in made}) == len({one.number for one in made}) == 24


def test_two_corrections_at_once_make_one_new_certificate(current_app_, held):
    [old] = made_by_press(held).certificates
    old_id = old.id
    presses = [lambda name=name: make.correct(old_id, name, by=None, now=AFTER) for name in ("Ani A.", "Ani B.")]
    assert sorted(at_once(current_app_, presses)) == ["CertificateEnded", "done"]
    assert [one.running for one in all_made()] == [1, 2]


def test_an_undone_attendance_is_news_for_all_but_who_undid_it(held, ani, coordinator):
    [one] = made_by_press(held).certificates
    invitation = invitation_of(held, ani)
    assert news.current(now=AFTER).news == ()
    were_present(invitation, present=False)
    invitation.attendance.recorded_at, invitation.attendance.recorded_by_id = AFTER, coordinator.id
    db.session.commit()
    found = news.current(now=at(20))
    assert [(piece.kind, piece.id, piece.name, piece.other) for piece in found.news] == [
        (NewsKind.CERTIFICATE, one.id, "Ani Wijaya", one.number)
    ]
    assert found.unseen(coordinator.id) == []
    make.revoke(one.id, "Tidak hadir", by=None, now=at(20))
    assert news.current(now=at(20)).news == ()


def test_the_history_of_an_invitation_and_of_a_person_names_the_certificates(held, ani):
    [old] = made_by_press(held, tell=False).certificates
    new = make.correct(old.id, "Ani W.", tell=False, by=None, now=at(20))
    make.revoke(new.id, "Keliru", by=None, now=at(21))
    for whose in (history.of_invitation(invitation_of(held, ani)), history.of_invitee(ani)):
        entries = [
            (entry.kind, entry.what.number[:3])
            for entry in history.everything(whose)
            if entry.kind in (EntryKind.CERTIFIED, EntryKind.REVOKED)
        ]
        assert entries == [(EntryKind.REVOKED, "002"), (EntryKind.CERTIFIED, "002"), (EntryKind.CERTIFIED, "001")]
