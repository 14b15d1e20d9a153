"""Date polls: creating, asking, answering, and turning one slot into the activity exactly once."""

import threading
from datetime import date

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import AnswerSource, Repeat, Role
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.planning.rules import ClashKind
from outreach.domain.polls import ClosesAfterASlot, NoSlots, NotEveryDate, PollClosed, Proposed
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState, PollState
from outreach.extensions import db
from outreach.models import Absence, Activity, AuditEntry, DatePoll, Invitation, Message, PollAnswer, PollInvitee
from outreach.queries import polls as poll_pages
from outreach.queries.answers import poll as poll_page
from outreach.services.activities import delete as deleting
from outreach.services.activities import edit as planning
from outreach.services.activities import publish as publishing
from outreach.services.directory import assistants
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import links
from outreach.services.locking import Stale
from outreach.services.planning.book import SpeakerTaken, VenueTaken
from outreach.services.planning.checks import PlanBlocked
from outreach.services.polls import answer as poll_answering
from outreach.services.polls import ask as poll_asking
from outreach.services.polls import decide as poll_deciding
from outreach.services.polls import edit as polls
from outreach.services.polls.answer import NotAmongYours, WhoMissing
from outreach.services.polls.ask import AllTimesPassed
from outreach.services.polls.decide import AlreadyDecided, NotDecidable, SlotOver
from outreach.services.polls.edit import PollNotADraft
from outreach.services.privacy import person as privacy
from tests.world import NOW, a_person, at, count, fresh, token_of
from tests.world.polls import MAYBE, NO, YES, a_poll, asked, dates, values


def entries(poll) -> list[str]:
    db.session.rollback()
    wanted = sa.select(AuditEntry.action).order_by(AuditEntry.id)
    return list(db.session.scalars(wanted))


def test_a_poll_without_slots_is_refused_and_nothing_is_created(any_app, office):
    with pytest.raises(NoSlots):
        polls.create(values(slots=[]), by=None, now=NOW)
    assert count(DatePoll) == 0
    polls.create(values(), by=None, now=NOW)
    assert count(DatePoll) == 1


def test_a_draft_is_edited_and_deleted_with_its_contents(any_app, office, ani, coordinator):
    poll = a_poll(ani, opened=False)
    assert [slot.starts_at for slot in fresh(poll).slots] == [at(18, 8), at(19, 8), at(20, 8)]
    changed = values(slots=[Proposed(at(21, 9), at(21, 11)), Proposed(at(20, 9), at(20, 11))], note="Bawa data")
    polls.edit(poll.id, changed, fresh(poll).version, by=coordinator, now=NOW)
    assert [slot.starts_at for slot in fresh(poll).slots] == [at(20, 9), at(21, 9)]
    with pytest.raises(Stale):
        polls.edit(poll.id, changed, 1, by=coordinator, now=NOW)
    polls.delete_draft(poll.id, by=coordinator, now=NOW)
    assert (count(DatePoll), count(PollInvitee)) == (0, 0)
    assert entries(poll)[-2:] == ["date_poll.edited", "date_poll.deleted"]


def test_an_open_polls_slots_cannot_change(office, ani):
    poll = a_poll(ani)
    with pytest.raises(PollNotADraft):
        polls.edit(poll.id, values(), fresh(poll).version, by=None, now=NOW)
    with pytest.raises(PollNotADraft):
        polls.delete_draft(poll.id, by=None, now=NOW)


def test_what_an_adjutants_link_answers_counts_as_theirs(any_app, office, ani):
    assistants.write(ani, "Rina Astuti", "", "rina@example.com")
    db.session.commit()
    poll = a_poll(ani)
    rinas = tokens.assistant_token(fresh(ani).assistant.nonce)
    assert poll_answering.answer(rinas, poll.id, dates(poll, YES, MAYBE, NO), now=at(5)).answer_source is (
        AnswerSource.ASSISTANT
    )
    again = poll_answering.answer(token_of(ani), poll.id, dates(poll, NO, YES, NO), now=at(6))
    assert again.answer_source is AnswerSource.LINK


def test_opening_asks_everybody_once(any_app, office, ani, police):
    poll = a_poll(ani, organisations=[police])
    assert [
        (message.person_id, message.organisation_id)
        for message in db.session.scalars(sa.select(Message).order_by(Message.id))
    ] == [
        (ani.id, None),
        (None, police.id),
    ]
    with pytest.raises(poll_asking.PollAlreadyOpen):
        poll_asking.open_poll(poll.id, by=None, now=NOW)
    assert count(Message) == 2


def test_a_poll_without_invitees_cannot_be_opened(office):
    poll = a_poll(opened=False)
    with pytest.raises(poll_asking.NobodyAsked):
        poll_asking.open_poll(poll.id, by=None, now=NOW)
    assert fresh(poll).state is PollState.DRAFT


def test_a_draft_whose_slots_are_past_cannot_be_opened(office, ani):
    poll = a_poll(ani, opened=False)
    with pytest.raises(Problem) as refused:
        poll_asking.open_poll(poll.id, by=None, now=at(7, 16))
    assert "would close in the past" in refused.value.message
    with pytest.raises(ClosesAfterASlot):
        polls.edit(poll.id, values(closes_at=at(18, 8, 1)), fresh(poll).version, by=None, now=NOW)


def test_a_person_added_to_an_open_poll_is_asked_at_once_and_nobody_twice(office, ani, budi):
    poll = a_poll(ani)
    assert poll_asking.add_people(poll.id, [ani.id, budi.id], Role.PARTICIPANT, needed=True, by=None, now=NOW) == 1
    assert count(Message) == 2
    assert (asked(poll, ani).role, asked(poll, budi).role) == (Role.SPEAKER, Role.PARTICIPANT)


def test_people_not_reached_by_mail_are_listed_for_a_call(office, ani):
    silent = a_person("Citra Lestari", email="")
    poll = a_poll(ani, silent, opened=False)
    mails = poll_asking.preview(poll.id, now=NOW)
    assert [invitee.person_id for invitee in mails.at_once] == [ani.id]
    assert [invitee.person_id for invitee in mails.no_mail] == [silent.id]
    poll_asking.open_poll(poll.id, by=None, now=NOW)
    assert (asked(poll, ani).asked_at, asked(poll, silent).asked_at) == (NOW, None)
    assert links.link_for(db.session, silent)


def test_an_invitee_answers_by_their_link_and_may_change_it(any_app, office, ani):
    poll = a_poll(ani)
    poll_answering.answer(token_of(ani), poll.id, dates(poll, YES, MAYBE, NO, note="Selasa pagi saja"), now=at(5))
    invitee = asked(poll, ani)
    assert (invitee.answered_at, invitee.answer_source, invitee.note) == (at(5), AnswerSource.LINK, "Selasa pagi saja")
    poll_answering.answer(token_of(ani), poll.id, dates(poll, NO, YES, NO), now=at(6))
    page = poll_page.read(token_of(ani), poll.id, now=at(6))
    assert list(page.choices.values()) == [NO, YES, NO]
    assert page.invitee.note == ""
    assert count(PollAnswer) == 3


def test_an_answer_covers_every_date_and_an_office_says_who_answers(office, ani, police):
    poll = a_poll(ani, organisations=[police])
    full = dates(poll, YES, NO, NO)
    with pytest.raises(NotEveryDate):
        poll_answering.answer(
            token_of(ani), poll.id, poll_answering.Dates(dict(list(full.choices.items())[:2])), now=at(5)
        )
    with pytest.raises(NotEveryDate):
        poll_answering.answer(token_of(ani), poll.id, poll_answering.Dates({**full.choices, 999: YES}), now=at(5))
    with pytest.raises(WhoMissing):
        poll_answering.answer(token_of(police), poll.id, full, now=at(5))
    assert count(PollAnswer) == 0
    poll_answering.answer(token_of(police), poll.id, dates(poll, YES, NO, NO, who="  Staf   Bagops "), now=at(5))
    assert asked(poll, police).answered_by == "Staf Bagops"


def test_only_invitees_answer_a_poll_and_only_while_it_is_open(office, ani, budi):
    poll = a_poll(ani)
    choices = dates(poll, YES, YES, YES)
    tokens.ensure_links(db.session, person_ids=[budi.id], expires_at=at(30))
    db.session.commit()
    with pytest.raises(NotAmongYours):
        poll_answering.answer(token_of(budi), poll.id, choices, now=at(5))
    with pytest.raises(PollClosed):
        poll_answering.answer(token_of(ani), poll.id, choices, now=at(7, 16))
    assert count(PollAnswer) == 0
    poll_asking.close(poll.id, by=None, now=at(6))
    with pytest.raises(PollClosed):
        poll_answering.answer(token_of(ani), poll.id, choices, now=at(6))
    poll_asking.reopen(poll.id, at(8, 16), by=None, now=at(6))
    poll_answering.answer(token_of(ani), poll.id, choices, now=at(7, 17))
    assert count(PollAnswer) == 3


def test_a_poll_can_be_reopened_while_one_slot_is_ahead(any_app, office, ani):
    poll = a_poll(ani)
    poll_asking.tick(at(7, 16))
    with pytest.raises(AllTimesPassed):
        poll_asking.reopen(poll.id, at(21, 16), by=None, now=at(20, 8))
    assert (fresh(poll).state, fresh(poll).closes_at) == (PollState.CLOSED, at(7, 16))
    poll_asking.reopen(poll.id, at(20, 7, 30), by=None, now=at(20, 7))
    assert fresh(poll).state is PollState.OPEN


def test_a_person_added_after_the_close_is_asked_when_the_poll_reopens(office, ani, budi):
    poll = a_poll(ani)
    poll_asking.add_people(poll.id, [budi.id], Role.SPEAKER, needed=False, by=None, now=at(7, 17))
    mails = sa.select(Message.person_id).order_by(Message.id)
    assert list(db.session.scalars(mails)) == [ani.id]
    poll_asking.reopen(poll.id, at(9, 16), by=None, now=at(7, 18))
    assert list(db.session.scalars(mails)) == [ani.id, budi.id]


def test_an_answer_by_phone_is_recorded_also_after_closing_with_who_recorded_it(office, ani, coordinator):
    poll = a_poll(ani)
    poll_asking.close(poll.id, by=coordinator, now=at(6))
    invitee = asked(poll, ani)
    poll_answering.record(
        poll.id, invitee.id, dates(poll, YES, NO, NO), AnswerSource.WHATSAPP, by=coordinator, now=at(6, 9)
    )
    invitee = asked(poll, ani)
    assert (invitee.answer_source, invitee.answer_recorded_by_id) == (AnswerSource.WHATSAPP, coordinator.id)
    assert entries(poll)[-2:] == ["date_poll.closed", "person.dates_recorded"]


def test_the_tick_closes_a_poll_after_its_deadline(any_app, office, ani):
    poll = a_poll(ani)
    poll_asking.tick(at(7, 15, 59))
    assert fresh(poll).state is PollState.OPEN
    poll_asking.tick(at(7, 16))
    assert fresh(poll).state is PollState.CLOSED


def test_people_without_an_answer_are_reminded_once_on_the_morning_before(any_app, office, ani, budi):
    poll = a_poll(ani, budi)
    poll_answering.answer(token_of(ani), poll.id, dates(poll, YES, YES, NO), now=at(5))
    assert poll_asking.tick(at(6, 7, 59)) == 0
    assert poll_asking.tick(at(6, 8)) == 1
    assert poll_asking.tick(at(6, 8)) == 0
    newest = db.session.scalars(sa.select(Message).order_by(Message.id.desc())).first()
    assert (newest.person_id, newest.kind, newest.due_at) == (budi.id, "reminder", at(6, 8))


def test_one_action_creates_the_activity_and_invites_people_in_their_roles(
    any_app, office, hall, ani, police, coordinator
):
    poll = a_poll(ani, organisations=[police], slots=[Proposed(at(18, 8), at(18, 12), hall.id)])
    slot = fresh(poll).slots[0]
    made = poll_deciding.decide(poll.id, slot.id, publish=True, by=coordinator, now=at(5))
    db.session.rollback()
    activity = db.session.get_one(Activity, made.id)
    assert (activity.starts_at, activity.venue_id, activity.state) == (at(18, 8), hall.id, ActivityState.PUBLISHED)
    assert activity.public_title == "Rapat koordinasi lintas sektor"
    invited = db.session.scalars(sa.select(Invitation).order_by(Invitation.id)).all()
    assert [(i.person_id, i.organisation_id, i.role, i.quota) for i in invited] == [
        (ani.id, None, Role.SPEAKER, None),
        (None, police.id, Role.PARTICIPANT, 2),
    ]
    decided = fresh(poll)
    assert (decided.state, decided.activity_id, decided.slots[0].chosen) == (PollState.DECIDED, activity.id, True)
    assert entries(poll)[-1] == "date_poll.decided"
    page = poll_page.read(token_of(ani), poll.id, now=at(5))
    assert page.chosen.starts_at == at(18, 8)
    assert not page.takes_answers


def test_without_publishing_the_activity_stays_a_draft_and_unticked_people_are_not_invited(office, ani, budi):
    poll = a_poll(ani, budi)
    slot = fresh(poll).slots[1]
    made = poll_deciding.decide(poll.id, slot.id, invitee_ids=[asked(poll, budi).id], publish=False, by=None, now=at(5))
    db.session.rollback()
    assert db.session.get_one(Activity, made.id).state is ActivityState.DRAFT
    found = db.session.scalars(sa.select(Invitation)).all()
    assert [(i.person_id, i.state) for i in found] == [(budi.id, InvitationState.PREPARED)]


def test_choosing_twice_creates_one_activity(office, ani):
    poll = a_poll(ani)
    slot = fresh(poll).slots[0]
    poll_deciding.decide(poll.id, slot.id, publish=True, by=None, now=at(5))
    with pytest.raises(AlreadyDecided):
        poll_deciding.decide(poll.id, slot.id, publish=True, by=None, now=at(5))
    with pytest.raises(AlreadyDecided):
        poll_deciding.decide(poll.id, fresh(poll).slots[2].id, publish=True, by=None, now=at(5))
    assert count(Activity) == 1


def test_two_coordinators_who_choose_at_once_create_one_activity(any_app, office, ani, budi):
    poll = a_poll(ani, budi)
    slots = [slot.id for slot in fresh(poll).slots]
    barrier, outcomes = threading.Barrier(4), []

    def press(slot_id: int) -> None:
        with any_app.app_context():
            barrier.wait()
            try:
                poll_deciding.decide(poll.id, slot_id, publish=True, by=None, now=at(5))
                outcomes.append("made")
            except AlreadyDecided:
                outcomes.append("told")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=press, args=(slots[n % 3],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "told", "told", "told"]
    assert (count(Activity), count(Invitation)) == (1, 2)


def test_a_slot_whose_venue_was_booked_meanwhile_changes_nothing(any_app, office, hall, ani, coordinator):
    poll = a_poll(ani, slots=[Proposed(at(18, 8), at(18, 12), hall.id)])
    wedding = ActivityValues(
        kind=fresh(poll).kind, title="Lain", starts_at=at(18, 11), ends_at=at(18, 13), zone=office.zone,
        venue_id=hall.id,
    )  # fmt: skip
    planning.create_activity(wedding, by=coordinator, now=NOW)
    with pytest.raises(VenueTaken):
        poll_deciding.decide(poll.id, fresh(poll).slots[0].id, publish=True, by=None, now=at(5))
    assert fresh(poll).state is PollState.OPEN
    assert (count(Activity), count(Invitation)) == (1, 0)


def test_a_speaker_booked_elsewhere_meanwhile_changes_nothing(any_app, office, ani, coordinator):
    poll = a_poll(ani)
    values = ActivityValues(
        kind=fresh(poll).kind, title="Lain", starts_at=at(18, 11), ends_at=at(18, 13), zone=office.zone
    )
    other = planning.create_activity(values, by=coordinator, now=NOW)
    inviting.invite_people([other.id], [ani.id], Role.SPEAKER, by=coordinator, now=NOW)
    with pytest.raises(SpeakerTaken):
        poll_deciding.decide(poll.id, fresh(poll).slots[0].id, publish=True, by=None, now=at(5))
    assert (fresh(poll).state, count(Activity), count(Invitation)) == (PollState.OPEN, 1, 1)


def test_a_clash_that_the_office_blocks_is_refused_for_a_draft_too(any_app, office, ani, budi):
    poll = a_poll(ani, budi)
    away = Absence(
        person_id=ani.id, starts_at=at(18, 7), ends_at=at(18, 17), zone="Asia/Jakarta", repeats=Repeat.ONCE,
        source=AbsenceSource.COORDINATOR,
    )  # fmt: skip
    db.session.add(away)
    db.session.commit()
    monday = fresh(poll).slots[0]
    with pytest.raises(PlanBlocked):
        poll_deciding.decide(poll.id, monday.id, publish=False, by=None, now=at(5))
    assert (fresh(poll).state, count(Activity)) == (PollState.OPEN, 0)
    poll_deciding.decide(
        poll.id, fresh(poll).slots[0].id, invitee_ids=[asked(poll, budi).id], publish=False, by=None, now=at(5)
    )
    assert count(Activity) == 1


def test_a_past_slot_and_a_drafts_slot_cannot_be_chosen(office, ani):
    poll = a_poll(ani, opened=False)
    with pytest.raises(NotDecidable):
        poll_deciding.decide(poll.id, fresh(poll).slots[0].id, publish=False, by=None, now=at(5))
    poll_asking.open_poll(poll.id, by=None, now=NOW)
    with pytest.raises(SlotOver):
        poll_deciding.decide(poll.id, fresh(poll).slots[0].id, publish=False, by=None, now=at(18, 8))
    assert count(Activity) == 0


def test_a_deleted_draft_of_a_decided_poll_leaves_the_poll_without_a_link(any_app, office, ani):
    poll = a_poll(ani)
    made = poll_deciding.decide(poll.id, fresh(poll).slots[0].id, publish=False, by=None, now=at(5))
    deleting.delete_draft(made.id, by=None, now=at(5))
    assert (fresh(poll).state, fresh(poll).activity_id) == (PollState.DECIDED, None)


def test_dates_after_a_past_programme_lie_outside_it(any_app, programme, ani):
    programme.starts_on, programme.ends_on = date(2026, 1, 5), date(2026, 1, 8)
    db.session.commit()
    found = poll_pages.clashes(fresh(a_poll(ani, programme_id=programme.id)), now=NOW)
    assert [ClashKind.OUTSIDE_PROGRAMME in {clash.kind for clash in slot.clashes} for slot in found.values()] == [
        True for _slot in found
    ]


def test_a_poll_stays_when_its_programme_is_deleted(any_app, programme, ani):
    poll = a_poll(ani, programme_id=programme.id)
    deleting.delete_programme(programme.id, by=None, now=at(5))
    assert fresh(poll).programme_id is None


def test_an_erased_person_is_not_asked_again_and_their_name_is_deleted(any_app, office, ani, budi, police):
    open_one = a_poll(ani, budi, organisations=[police])
    poll_answering.answer(token_of(ani), open_one.id, dates(open_one, YES, NO, NO, note="Hubungi saya"), now=at(5))
    poll_answering.answer(token_of(police), open_one.id, dates(open_one, YES, NO, NO, who="Ani Wijaya"), now=at(5))
    assert privacy.export(ani.id, by=None, now=at(5))["date_polls"][0]["note"] == "Hubungi saya"
    privacy.erase(ani.id, by=None, now=at(5))
    db.session.rollback()
    assert {poll_invitee.person_id for poll_invitee in db.session.scalars(sa.select(PollInvitee))} == {budi.id, None}
    assert asked(open_one, police).answered_by == "(erased)"


def test_the_choices_of_a_decided_poll_stay_without_a_name(office, ani):
    poll = a_poll(ani)
    poll_answering.answer(token_of(ani), poll.id, dates(poll, YES, NO, NO, note="Hubungi saya"), now=at(5))
    made = poll_deciding.decide(poll.id, fresh(poll).slots[0].id, publish=False, by=None, now=at(5))
    publishing.publish([made.id], by=None, now=at(5))
    privacy.erase(ani.id, by=None, now=at(5))
    assert (asked(poll, ani).note, count(PollAnswer)) == ("", 3)


def test_a_double_tap_in_a_poll_can_still_be_undone_to_what_was_before(any_app, office, ani):
    poll = a_poll(ani)
    poll_answering.answer(token_of(ani), poll.id, dates(poll, YES, MAYBE, NO), now=at(5))
    for minute in (1, 2):
        poll_answering.answer(token_of(ani), poll.id, dates(poll, NO, NO, NO), now=at(5, 9, minute))
    poll_answering.undo(token_of(ani), poll.id, now=at(5, 10))
    assert list(poll_page.read(token_of(ani), poll.id, now=at(5, 10)).choices.values()) == [YES, MAYBE, NO]
