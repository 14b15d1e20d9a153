"""Nominees of an organisation: each is one person with one seat and one mail, and their own answer is kept."""

from datetime import date

import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, HolderKind, Role
from outreach.domain.reminders.due import MissedReason
from outreach.domain.states import InvitationState, ReminderState
from outreach.extensions import db
from outreach.models import AuditEntry, Invitation, Message, PeopleGroup, Person, Reminder
from outreach.queries.answers import page as answer_page
from outreach.queries.invitations import lists as invitees
from outreach.services import posts
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.answers import before, nominees
from outreach.services.answers import record as recording
from outreach.services.answers import undo as undoing
from outreach.services.answers.nominees import Nominee
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import links, seats
from outreach.services.posts import HolderValues, PostValues
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import NOW, a_person, at, draft_activity, token_of
from tests.world.polls import a_poll

pytestmark = pytest.mark.usefixtures("any_app")


@copied
def days(programme, hall):
    return [draft_activity(programme, hall, day) for day in (18, 19, 20)]


def invite_seats_and_publish(organisation, *activities, quota=2) -> list[int]:
    """Invite an organisation and publish; return the ids of its invitations."""
    inviting.invite_organisations([activity.id for activity in activities], {organisation.id: quota}, by=None, now=NOW)
    publishing.publish([activity.id for activity in activities], by=None, now=NOW)
    reminding.tick(NOW)
    wanted = sa.select(Invitation.id).where(Invitation.organisation_id == organisation.id)
    return list(db.session.scalars(wanted.order_by(Invitation.activity_id)))


def named(under: int) -> list[tuple[str, str]]:
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Person.name, Invitation.state)
        .join(Invitation, Invitation.person_id == Person.id)
        .where(Invitation.nominated_under_id == under)
        .order_by(Invitation.id)
    )
    return [(name, state.value) for name, state in rows]


def on_the_page(organisation) -> list[str]:
    """The names on the office's page, from above."""
    db.session.rollback()
    [shown] = answer_page.read(token_of(organisation), now=at(6)).activities
    return [one.name for one in shown.nominees]


def test_a_name_that_is_corrected_to_somebody_else_stays_in_its_place(days, police):
    """Offices list people by rank. The name of another person needs a new invitation, which is the newest."""
    [under] = invite_seats_and_publish(police, days[0], quota=3)
    answering.nominate(token_of(police), under, [Nominee("Rina"), Nominee("Joko"), Nominee("Wati")], now=at(5))
    rows = [(name, row_of(name)) for name in ("Rina", "Joko", "Wati")]
    corrected = [Nominee("Dewi" if name == "Rina" else name, invitation_id=row) for name, row in rows]
    answering.nominate(token_of(police), under, corrected, now=at(6))
    assert on_the_page(police) == ["Dewi", "Joko", "Wati"]
    assert [one.person.name for one in invitees.nominees_of(under)] == ["Dewi", "Joko", "Wati"]

    undoing.undo(token_of(police), now=at(6))
    assert on_the_page(police) == ["Rina", "Joko", "Wati"]


def test_a_list_recorded_by_staff_is_in_the_order_of_the_letter(days, police, coordinator):
    [under] = invite_seats_and_publish(police, days[0], quota=3)
    written = [Nominee("Wati"), Nominee("Joko"), Nominee("Agus")]
    recording.nominate_for(under, written, source=AnswerSource.PHONE, by=coordinator, now=at(5))
    assert on_the_page(police) == ["Wati", "Joko", "Agus"]


def row_of(person_name: str) -> int:
    return db.session.scalars(
        sa.select(Invitation.id).join(Person, Person.id == Invitation.person_id).where(Person.name == person_name)
    ).one()


def notices_of_kind(kind: str) -> list[tuple[str, str]]:
    """Return who will be notified, and with which text."""
    db.session.rollback()
    rows = db.session.scalars(
        sa.select(Reminder).where(Reminder.kind == kind, Reminder.invitation_id.is_not(None)).order_by(Reminder.id)
    )
    return [(row.invitation.person.name, row.text_key) for row in rows]  # fmt: skip


def test_rina_named_for_three_days_is_one_person(days, police):
    for under in invite_seats_and_publish(police, *days):
        answering.nominate(token_of(police), under, [Nominee("Rina", email="rina@example.com")], now=at(5))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 1
    assert db.session.scalar(sa.select(sa.func.count(sa.distinct(Invitation.person_id)))) == 1


def test_a_cadre_also_named_by_her_office_takes_one_seat_and_gets_no_second_mail(programme, hall, police, ani):
    day = draft_activity(programme, hall, capacity=2)
    inviting.invite_people([day.id], [ani.id], Role.CADRE, by=None, now=NOW)
    (under,) = invite_seats_and_publish(police, day)
    answering.nominate(token_of(police), under, [Nominee("Hj. ANI WIJAYA", email=ani.email.upper())], now=at(5))
    people = db.session.scalars(sa.select(Invitation.person_id).where(Invitation.person_id.is_not(None))).all()
    assert people == [ani.id, ani.id]
    assert seats.taken(db.session, day) == 1
    assert set(db.session.scalars(sa.select(Invitation.state))) == {InvitationState.COMING}
    assert notices_of_kind("invitation") == []
    answering.nominate(token_of(police), under, [], now=at(6))
    assert notices_of_kind("withdrawal") == []  # she is still invited as a cadre


def test_a_cadres_own_answer_stays_when_her_office_names_her(programme, hall, police, ani):
    day = draft_activity(programme, hall)
    inviting.invite_people([day.id], [ani.id], Role.CADRE, by=None, now=NOW)
    (under,) = invite_seats_and_publish(police, day)
    answering.answer(token_of(ani), day.id, Choice.NOT_COMING, now=at(5))
    answering.nominate(token_of(police), under, [Nominee("Ani Wijaya", email=ani.email)], now=at(6))
    assert named(under) == [("Ani Wijaya", "not_coming")]


def test_a_person_already_invited_as_participant_needs_no_second_seat(programme, hall, police, ani):
    day = draft_activity(programme, hall)
    inviting.invite_people([day.id], [ani.id], Role.PARTICIPANT, by=None, now=NOW)
    (under,) = invite_seats_and_publish(police, day)
    with pytest.raises(nominees.InvitedAlready):
        answering.nominate(token_of(police), under, [Nominee("Ani Wijaya", email=ani.email)], now=at(5))
    assert named(under) == []


def test_an_office_never_overwrites_a_persons_data_kept_by_staff(programme, hall, police, ani):
    address, ani.organisation_id, ani.phone = ani.email, police.id, ""
    db.session.commit()
    (under,) = invite_seats_and_publish(police, draft_activity(programme, hall))
    for email in ("thief@example.com", ""):
        nominee = Nominee("Ani Wijaya", "Kanit", "+6281234567890", email)
        answering.nominate(token_of(police), under, [nominee], now=at(5))
    db.session.expire_all()
    assert (ani.email, ani.post, ani.phone) == (address, "Kanit", "+6281234567890")


def test_an_office_corrects_its_own_entries_but_empties_none(days, police):
    under = invite_seats_and_publish(police, *days)
    answering.nominate(token_of(police), under[0], [Nominee("Rina", "Kanit", email="rnia@example.com")], now=at(5))
    answering.nominate(token_of(police), under[0], [Nominee("Rina", email="rina@example.com")], now=at(6))
    rina = db.session.scalars(sa.select(Person)).one()
    assert (rina.email, rina.post) == ("rina@example.com", "Kanit")


def test_the_same_name_elsewhere_is_another_person(programme, hall, police, ani):
    (under,) = invite_seats_and_publish(police, draft_activity(programme, hall))
    answering.nominate(token_of(police), under, [Nominee("Ani Wijaya", phone="+6281399999999")], now=at(5))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 2


@pytest.mark.parametrize("address", ["ani@weiß.example", "ani@xn--wei-7ka.example"])
def test_the_same_name_elsewhere_with_the_same_address_is_the_same_person(programme, hall, police, ani, address):
    ani.email = "ani@weiß.example"
    (under,) = invite_seats_and_publish(police, draft_activity(programme, hall))
    answering.nominate(token_of(police), under, [Nominee("Ani Wijaya", email=address)], now=at(5))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 1


def test_a_typing_error_in_a_name_is_corrected_but_a_different_name_is_another_person(days, police):
    (under, *_) = invite_seats_and_publish(police, *days)
    answering.nominate(token_of(police), under, [Nominee("Budi Santosa")], now=at(5))
    row = row_of("Budi Santosa")
    answering.nominate(token_of(police), under, [Nominee("Budi Santoso", invitation_id=row)], now=at(6))
    assert named(under) == [("Budi Santoso", "coming")]
    answering.nominate(token_of(police), under, [Nominee("Siti Aminah", invitation_id=row)], now=at(7))
    assert named(under) == [("Budi Santoso", "withdrawn"), ("Siti Aminah", "coming")]


def test_an_offices_link_does_not_change_whoever_staff_made_the_holder_of_a_post(days, police):
    """Otherwise invitations to the post would go to an address that the link's reader chose."""
    (under, *_) = invite_seats_and_publish(police, *days)
    answering.nominate(token_of(police), under, [Nominee("Rina Lestari", email="rina@example.com")], now=at(5))
    rina = db.session.scalars(sa.select(Person)).one()
    post = posts.add(PostValues("Kapolsek"), by=None, now=at(5))
    posts.add_holder(post.id, HolderValues(rina.id, HolderKind.DEFINITIVE, date(2027, 1, 1)), by=None, now=at(5))
    row = row_of("Rina Lestari")
    other = Nominee("Rina Lestari", email="other@example.com", invitation_id=row)
    answering.nominate(token_of(police), under, [other], now=at(6))
    answering.nominate(token_of(police), under, [], now=at(6))
    answering.nominate(token_of(police), under, [Nominee("Wahyu Nugroho")], now=at(6))
    db.session.rollback()
    assert (rina.name, rina.email) == ("Rina Lestari", "rina@example.com")


def test_an_office_cannot_change_a_row_of_another_organisation(days, police, ani):
    inviting.invite_people([days[0].id], [ani.id], Role.CADRE, by=None, now=NOW)
    (under, *_) = invite_seats_and_publish(police, *days)
    answering.nominate(token_of(police), under, [Nominee("Ani Wijaja", invitation_id=row_of("Ani Wijaya"))], now=at(5))
    assert db.session.get_one(Person, ani.id).name == "Ani Wijaya"
    assert named(under) == [("Ani Wijaja", "coming")]


def test_the_same_name_twice_is_refused(days, police):
    (under, *_) = invite_seats_and_publish(police, *days)
    with pytest.raises(nominees.NamedTwice):
        answering.nominate(token_of(police), under, [Nominee("Rina"), Nominee("RINA")], now=at(5))
    assert named(under) == []


def test_people_with_the_same_name_on_an_earlier_list_go_when_the_office_sends_nobody(days, police):
    (under, *_) = invite_seats_and_publish(police, *days)
    for _ in range(2):
        person = a_person("Rina")
        db.session.add(
            Invitation(
                activity_id=days[0].id, person_id=person.id, role=Role.PARTICIPANT, nominated_under_id=under,
                state=InvitationState.COMING, invited_at=NOW,
            )
        )  # fmt: skip
    db.session.commit()
    answering.nominate(token_of(police), under, [Nominee("Rina")], now=at(5))
    assert sorted(named(under)) == [("Rina", "coming"), ("Rina", "withdrawn")]
    answering.answer(token_of(police), days[0].id, Choice.NOT_COMING, now=at(6))
    assert named(under) == [("Rina", "withdrawn")] * 2


def test_a_nominees_own_answer_survives_the_offices_next_save(days, police):
    (under, *_) = invite_seats_and_publish(police, *days)
    answering.nominate(token_of(police), under, [Nominee("Rina")], now=at(5))
    rina = db.session.scalars(sa.select(Person)).one()
    answering.answer(token_of(rina), days[0].id, Choice.NOT_COMING, now=at(6))
    answering.nominate(token_of(police), under, [Nominee("Rina"), Nominee("Dedi")], now=at(7))
    assert named(under) == [("Rina", "not_coming"), ("Dedi", "coming")]


def test_nominees_with_an_address_are_notified_once_when_named_and_once_when_dropped(days, police):
    (under, *_) = invite_seats_and_publish(police, *days)
    both = [Nominee("Rina", email="rina@example.com"), Nominee("Dedi")]
    for _ in range(2):
        answering.nominate(token_of(police), under, both, now=at(5))
    assert notices_of_kind("invitation") == [("Rina", "invitation-nominee")]
    answering.nominate(token_of(police), under, both[1:], now=at(6))
    assert notices_of_kind("withdrawal") == [("Rina", "")]
    answering.answer(token_of(police), days[0].id, Choice.NOT_COMING, now=at(7))
    assert notices_of_kind("withdrawal") == [("Rina", "")]
    answering.nominate(token_of(police), under, both, now=at(8))
    assert notices_of_kind("invitation") == [("Rina", "invitation-nominee")] * 2


def test_a_nominee_whose_address_is_added_later_is_notified_then(days, police):
    (under, *_) = invite_seats_and_publish(police, *days)
    for email in ("", "rina@example.com", "rina@example.com"):
        answering.nominate(token_of(police), under, [Nominee("Rina", email=email)], now=at(5))
    assert notices_of_kind("invitation") == [("Rina", "invitation-nominee")]


def test_a_changed_list_never_overfills_the_hall(programme, hall, police, ani):
    day = draft_activity(programme, hall, capacity=2)
    inviting.invite_people([day.id], [ani.id], Role.CADRE, by=None, now=NOW)
    (under,) = invite_seats_and_publish(police, day)
    answering.answer(token_of(ani), day.id, Choice.COMING, now=at(5))
    answering.nominate(token_of(police), under, [Nominee("Rina")], now=at(5))
    with pytest.raises(nominees.SeatsShort) as short:
        answering.nominate(token_of(police), under, [Nominee("Rina"), Nominee("Dedi")], now=at(6))
    assert short.value.values["left"] == 1
    answering.nominate(token_of(police), under, [Nominee("Dedi")], now=at(7))
    assert named(under) == [("Rina", "withdrawn"), ("Dedi", "coming")]


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "https://example.com", "081234567890", "<b>Rina</b>"])
def test_a_text_that_is_no_name_is_refused(days, police, name):
    (under, *_) = invite_seats_and_publish(police, *days)
    with pytest.raises(nominees.NomineeNotAName):
        answering.nominate(token_of(police), under, [Nominee(name)], now=at(5))


def test_control_characters_are_kept_out_of_names(days, police):
    (under, *_) = invite_seats_and_publish(police, *days)
    answering.nominate(token_of(police), under, [Nominee("Ri\0na\u202e  Kartika")], now=at(5))
    assert named(under) == [("Rina Kartika", "coming")]


def test_an_answer_by_phone_before_the_first_mail_counts_as_notified(programme, hall, ani, police):
    day = draft_activity(programme, hall)
    inviting.invite_people([day.id], [ani.id], Role.CADRE, by=None, now=NOW)
    inviting.invite_organisations([day.id], {police.id: 1}, by=None, now=NOW)
    publishing.publish([day.id], by=None, now=NOW)
    first, second = db.session.scalars(sa.select(Invitation.id).order_by(Invitation.id))
    recording.record_answer(first, Choice.COMING, AnswerSource.PHONE, by=None, now=at(5))
    recording.nominate_for(second, [Nominee("Rina")], by=None, now=at(5))
    assert set(db.session.scalars(sa.select(Invitation.invited_at))) == {at(5)}


def test_several_answers_are_recorded_together_and_refused_ones_are_listed(days, ani):
    inviting.invite_people([day.id for day in days], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([day.id for day in days], by=None, now=NOW)
    reminding.tick(NOW)
    replies = {day.id: answering.LinkAnswer(Choice.COMING) for day in days}
    refused = answering.answer_all(token_of(ani), replies, now=at(16, 16))  # the first day's deadline
    assert {id_: type(problem).__name__ for id_, problem in refused.items()} == {days[0].id: "DeadlinePassed"}
    states = db.session.scalars(sa.select(Invitation.state).order_by(Invitation.activity_id)).all()
    assert [state.value for state in states] == ["invited", "coming", "coming"]


def test_a_nominee_gets_a_mail_and_is_notified_of_later_changes(days, police):
    (under, *_) = invite_seats_and_publish(police, *days)
    answering.nominate(token_of(police), under, [Nominee("Rina", email="rina@example.com")], now=at(5))
    reminding.tick(at(5))
    rina = db.session.scalars(sa.select(Person)).one()
    kinds = db.session.scalars(sa.select(Message.kind).where(Message.person_id == rina.id)).all()
    assert [kind.value for kind in kinds] == ["invitation"]


def missed() -> list[str]:
    """Return whose invitation waits for a coordinator."""
    db.session.rollback()
    waiting = sa.select(Reminder).where(Reminder.reason == MissedReason.MANY_NAMED).order_by(Reminder.id)
    assert {reminder.state for reminder in db.session.scalars(waiting)} <= {ReminderState.MISSED}
    return [reminder.invitation.person.name for reminder in db.session.scalars(waiting)]


def told_now(now) -> list[str]:
    reminding.tick(now)
    db.session.rollback()
    return sorted({message.person.email for message in db.session.scalars(sa.select(Message)) if message.person})


def stranger(number: int) -> Nominee:
    return Nominee(f"Orang {'ABCDEFGHIJ'[number]}", email=f"asing{number}@example.com")


def test_a_link_writes_to_twice_its_seats_in_a_day_and_the_rest_waits_for_a_coordinator(days, police, coordinator):
    (under,) = invite_seats_and_publish(police, days[0])
    for number in range(6):
        answering.nominate(token_of(police), under, [stranger(number)], now=at(5, 8, number))
    four = [f"asing{number}@example.com" for number in range(4)]
    assert told_now(at(5, 9)) == four
    assert missed() == ["Orang E", "Orang F"]
    assert named(under)[-1] == ("Orang F", "coming")
    answering.nominate(token_of(police), under, [], now=at(5, 10))
    assert "Orang F" not in [name for name, _text in notices_of_kind("withdrawal")]
    answering.nominate(token_of(police), under, [stranger(5)], now=at(5, 11))
    recording.nominate_for(under, [stranger(5)], source=AnswerSource.PHONE, by=coordinator, now=at(5, 12))
    assert told_now(at(5, 13)) == [*four, "asing5@example.com"]
    answering.nominate(token_of(police), under, [stranger(6)], now=at(6, 12, 1))
    assert "asing6@example.com" in told_now(at(6, 13))


def test_a_corrected_address_counts_as_a_new_one_and_gets_the_invitation(days, police):
    (under,) = invite_seats_and_publish(police, days[0])
    for number in range(5):
        answering.nominate(
            token_of(police), under, [Nominee("Rina", email=f"rina{number}@example.com")], now=at(5, 8, number)
        )
    assert len(notices_of_kind("invitation")) == 5
    assert missed() == ["Rina"]


def test_replacing_names_creates_no_people_without_end(days, police):
    (under,) = invite_seats_and_publish(police, days[0])
    for number in range(10):
        two = [Nominee(f"Orang {'ABCDEFGHIJ'[number]}"), Nominee(f"Kawan {'ABCDEFGHIJ'[number]}", "Kanit")]
        answering.nominate(token_of(police), under, two, now=at(5, 8, number))
    assert sorted(named(under)) == [
        ("Kawan I", "withdrawn"), ("Kawan J", "coming"), ("Orang I", "withdrawn"), ("Orang J", "coming"),
    ]  # fmt: skip
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 4
    assert db.session.scalar(sa.select(Person.post).where(Person.name == "Orang J")) == ""


def test_who_was_told_keeps_their_record_when_another_name_replaces_theirs(days, police):
    (under,) = invite_seats_and_publish(police, days[0])
    answering.nominate(token_of(police), under, [Nominee("Rina", "Kanit", email="rina@example.com")], now=at(5))
    answering.nominate(token_of(police), under, [Nominee("Dedi")], now=at(5, 9))
    assert named(under) == [("Rina", "withdrawn"), ("Dedi", "coming")]
    assert notices_of_kind("withdrawal") == [("Rina", "")]


def replaced_twice(under: int, police, *, first: str = "Rina", then: str = "Dedi", last: str = "Budi") -> None:
    """The office names one person after the other. The last name could take the record of the first, who left before."""
    for minute, one in enumerate((first, then, last)):
        answering.nominate(token_of(police), under, [Nominee(one)], now=at(5, 9, minute))


def test_a_new_name_takes_no_record_of_somebody_who_comes_to_another_activity(days, police):
    first, second = invite_seats_and_publish(police, *days[:2])
    answering.nominate(token_of(police), second, [Nominee("Rina")], now=at(5))
    replaced_twice(first, police)
    assert named(second) == [("Rina", "coming")]
    assert named(first) == [("Rina", "withdrawn"), ("Dedi", "withdrawn"), ("Budi", "coming")]


def stops_reminders(rina: Person) -> None:
    answering.stop_reminders(token_of(rina), now=at(5, 9))


def answers_herself(rina: Person) -> None:
    activity_id = db.session.scalar(sa.select(Invitation.activity_id).where(Invitation.person_id == rina.id))
    answering.answer(token_of(rina), activity_id, Choice.NOT_COMING, now=at(5, 9))


def is_in_a_group(rina: Person) -> None:
    db.session.add(PeopleGroup(name="Forum anak", members=[rina], created_at=NOW))
    db.session.commit()


def is_asked_for_a_date(rina: Person) -> None:
    a_poll(rina, opened=False)


@pytest.mark.parametrize("meanwhile", [stops_reminders, answers_herself, is_in_a_group, is_asked_for_a_date])
def test_a_new_name_takes_no_record_of_somebody_who_used_their_link_or_whom_staff_chose(days, police, meanwhile):
    """No mail told them, but staff may have sent the link by WhatsApp."""
    (under,) = invite_seats_and_publish(police, days[0])
    answering.nominate(token_of(police), under, [Nominee("Rina")], now=at(5))
    meanwhile(db.session.scalars(sa.select(Person).where(Person.name == "Rina")).one())
    replaced_twice(under, police)
    assert named(under) == [("Rina", "withdrawn"), ("Dedi", "withdrawn"), ("Budi", "coming")]


def test_what_somebody_answered_by_their_link_keeps_their_record_also_after_days(days, police):
    (under,) = invite_seats_and_publish(police, days[0])
    answering.nominate(token_of(police), under, [Nominee("Rina")], now=at(5))
    answers_herself(db.session.scalars(sa.select(Person).where(Person.name == "Rina")).one())
    assert before.delete_old(at(7)) == 2
    for hour, one in enumerate(("Dedi", "Budi")):
        answering.nominate(token_of(police), under, [Nominee(one)], now=at(8, 9 + hour))
    assert ("Rina", "withdrawn") in named(under)


def test_who_ever_used_their_link_keeps_their_record_also_if_the_office_named_them_again(days, police):
    """The answer of the office replaces theirs, and what is kept for undoing is deleted after a day."""
    (under,) = invite_seats_and_publish(police, days[0])
    answering.nominate(token_of(police), under, [Nominee("Rina")], now=at(5))
    answers_herself(db.session.scalars(sa.select(Person).where(Person.name == "Rina")).one())
    for hour, named_now in enumerate(([], [Nominee("Rina")], [Nominee("Dedi")])):
        answering.nominate(token_of(police), under, named_now, now=at(5, 10 + hour))
    before.delete_old(at(7))
    for hour, one in enumerate(("Dedi", "Budi")):
        answering.nominate(token_of(police), under, [Nominee(one)], now=at(8, 9 + hour))
    assert ("Rina", "withdrawn") in named(under)


def test_no_link_of_who_left_stops_the_mails_of_the_name_that_took_the_record(days, police):
    (under,) = invite_seats_and_publish(police, days[0])
    answering.nominate(token_of(police), under, [Nominee("Rina")], now=at(5))
    rina = db.session.scalars(sa.select(Person).where(Person.name == "Rina")).one()
    old = [token_of(rina)]
    links.renew(rina, by=None, now=at(5, 8))
    old.append(token_of(rina))
    db.session.execute(sa.delete(AuditEntry))  # as after its time; until then it shows that staff know the person
    db.session.commit()
    for hour, one in enumerate(("Dedi", "Eko")):
        answering.nominate(token_of(police), under, [Nominee(one)], now=at(5, 9 + hour))
    assert named(under)[0] == ("Eko", "coming")
    for token in old:
        with pytest.raises(links.LinkReplaced):
            answering.stop_reminders(token, now=at(6))


def test_a_new_name_takes_no_record_that_staff_recorded_for_the_office(days, police, coordinator):
    (under,) = invite_seats_and_publish(police, days[0])
    recording.nominate_for(under, [Nominee("Rina")], source=AnswerSource.PHONE, by=coordinator, now=at(5))
    replaced_twice(under, police, first="Dedi", then="Eko")
    assert ("Rina", "withdrawn") in named(under)


def test_a_nominees_rank_is_one_of_their_titles_and_undoing_a_correction_restores_it(days, police):
    [under] = invite_seats_and_publish(police, days[0])
    link = token_of(police)
    answering.nominate(link, under, [Nominee("Rina Dewi", rank="Kompol")], now=at(5))
    db.session.rollback()
    [shown] = answer_page.read(link, now=at(5)).activities
    [one] = shown.nominees
    assert (one.name, one.rank, one.full_name) == ("Rina Dewi", "Kompol", "Kompol Rina Dewi")
    corrected = Nominee("Rina Dewi", invitation_id=one.invitation_id, rank="AKBP")
    answering.nominate(link, under, [corrected], now=at(6))
    assert db.session.scalars(sa.select(Person.title_before).where(Person.name == "Rina Dewi")).all() == ["AKBP"]
    undoing.undo(link, now=at(6, 9))
    db.session.rollback()
    assert db.session.scalars(sa.select(Person.title_before).where(Person.name == "Rina Dewi")).all() == ["Kompol"]
