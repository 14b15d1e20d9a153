"""The start page's numbers, read from both databases."""

import threading
from collections.abc import Callable
from datetime import time, timedelta

import sqlalchemy as sa
from flask import Flask

from outreach.domain.kinds import AnswerSource, AttendanceSource, Audience, MailKind, Role
from outreach.domain.ladder.rungs import RungKind, RungTiming
from outreach.domain.needs import Answers, NeedKind, PollStanding
from outreach.domain.states import ActivityState, InvitationState, MessageState
from outreach.extensions import db
from outreach.models import (
    Activity,
    AgendaItem,
    Attendance,
    Invitation,
    Message,
    Organisation,
    Person,
    Programme,
    Reminder,
    Rung,
    Venue,
)
from outreach.queries.activities import lists as browsing
from outreach.queries.calls import lists as calls
from outreach.queries.calls.lists import CallScope
from outreach.queries.invitations import lists
from outreach.queries.invitations.select import InviteeFilters
from outreach.queries.overview import page
from outreach.services.activities import publish as publishing
from outreach.services.polls import answer as poll_answering
from outreach.services.polls import ask as poll_asking
from outreach.services.polls import decide as poll_deciding
from tests.world import JAKARTA, NOW, a_person, an_invitation, at, draft_activity, invite_and_publish, send
from tests.world.letters.signed import signed_letter
from tests.world.polls import NO, YES, a_poll, asked, dates

LATER = NOW + page.KEPT_FOR


def a_published_activity(programme: Programme | None, venue: Venue | None, day: int = 18, **values: object):
    return draft_activity(programme, venue, day, state=ActivityState.PUBLISHED, **values)


def needs(now=NOW) -> dict[NeedKind, int]:
    return {need.kind: need.count for need in page.overview(now=now).needs}


def test_an_empty_office_has_an_empty_page(any_app: Flask, office):
    found = page.overview(now=NOW)
    assert (found.next, found.upcoming, found.needs, found.mails, found.programmes) == ([], 0, [], [], 0)


def test_upcoming_activities_are_in_order_with_their_answers(any_app: Flask, programme, hall, ani, budi, police, chief):
    second, first = a_published_activity(programme, hall, 19), a_published_activity(programme, hall, 18, agenda=[])
    an_invitation(first, ani, state=InvitationState.COMING, role=Role.CADRE)
    an_invitation(first, budi, role=Role.CADRE)
    an_invitation(first, chief, state=InvitationState.REPRESENTED, role=Role.SPEAKER)
    an_invitation(first, police, state=InvitationState.COMING)  # is counted by its nominees
    found = page.overview(now=NOW)
    assert [upcoming.id for upcoming in found.next] == [first.id, second.id]
    assert found.next[0].answers == Answers(coming=1, represented=1, open=1, seats_taken=2, speakers=1)
    assert (found.next[0].venue, found.next[0].seats) == ("Aula Bappeda", 100)


def test_past_cancelled_and_held_activities_are_not_upcoming(any_app: Flask, programme, hall):
    over = a_published_activity(programme, hall, 18)
    draft_activity(programme, None, 19, state=ActivityState.CANCELLED)
    draft_activity(programme, None, 20, state=ActivityState.HELD)
    assert [upcoming.id for upcoming in page.overview(now=over.ends_at - timedelta(seconds=1)).next] == [over.id]
    db.session.commit()
    assert page.overview(now=over.ends_at).next == []


def test_people_and_offices_without_an_address_are_listed_for_a_call_once_each(
    any_app: Flask, programme, hall, ani, budi
):
    siti = a_person("Siti Aminah", email="")
    school = Organisation(name="SMPN 1 Metro", sector="school", email="")
    for day in (18, 19):
        activity = a_published_activity(programme, hall, day)
        an_invitation(activity, siti)
        an_invitation(activity, ani)
        an_invitation(activity, school)
        an_invitation(activity, budi, state=InvitationState.COMING)
    assert needs()[NeedKind.CALL] == 2
    [need] = [need for need in page.overview(now=NOW).needs if need.kind is NeedKind.CALL]
    assert [(activity.starts_at, count) for activity, count in need.parts] == [(at(18), 2), (at(19), 2)]


def test_nobody_is_listed_for_a_call_while_the_invitations_wait_for_their_moment(any_app: Flask, programme, hall, budi):
    prepared, siti = InvitationState.PREPARED, a_person("Siti Aminah", email="")
    waits = a_published_activity(programme, hall, 18, told_at=NOW + timedelta(days=1))
    an_invitation(waits, siti, state=prepared)
    assert NeedKind.CALL not in needs()
    told = a_published_activity(programme, hall, 19, told_at=NOW)
    an_invitation(told, siti, state=prepared)
    [need] = [need for need in page.overview(now=NOW).needs if need.kind is NeedKind.CALL]
    assert (need.count, [(activity.id, count) for activity, count in need.parts]) == (1, [(told.id, 1)])
    everything = calls.listed(CallScope(), InviteeFilters(no_address=True), now=NOW)
    assert [[i.activity_id for i in callee.asked] for callee in everything.callees] == [[told.id]]


def test_who_is_not_invited_for_want_of_a_signed_letter_is_listed(any_app: Flask, programme, hall, ani, budi):
    prepared, siti = InvitationState.PREPARED, a_person("Siti Aminah")
    activity = a_published_activity(programme, hall, letter_first=True)
    signed_letter(an_invitation(activity, ani, state=prepared))  # only its mail has not gone out yet
    assert NeedKind.LETTER not in needs()
    an_invitation(activity, budi, state=prepared)
    an_invitation(activity, siti, state=InvitationState.COMING)
    waits = a_published_activity(programme, hall, 19, letter_first=True, told_at=NOW + timedelta(days=1))
    an_invitation(waits, budi, state=prepared)
    an_invitation(a_published_activity(programme, hall, 20), budi, state=prepared)
    for now, listed in [(NOW, activity), (activity.starts_at, waits)]:  # once one has begun, the other has its moment
        [need] = [need for need in page.overview(now=now).needs if need.kind is NeedKind.LETTER]
        assert [(one.id, count) for one, count in need.parts] == [(listed.id, 1)]


def test_kelurahan_without_a_cadre_who_accepted_are_named(any_app: Flask, programme, hall, ani, budi):
    activity = a_published_activity(programme, hall)
    assert NeedKind.UNCOVERED not in needs()  # no cadre is invited at all
    an_invitation(activity, ani, state=InvitationState.COMING, role=Role.CADRE)
    an_invitation(activity, budi, role=Role.CADRE)
    [need] = [need for need in page.overview(now=NOW).needs if need.kind is NeedKind.UNCOVERED]
    assert need.names == ("Metro", "Yosodadi")


def test_lost_mails_are_listed_as_long_as_they_could_still_be_useful(any_app: Flask, ani: Person):
    for state in (MessageState.FAILED, MessageState.UNKNOWN, MessageState.SENT):
        db.session.add(
            Message(person=ani, kind=MailKind.REMINDER, local_day=NOW.date(), due_at=NOW, expires_at=LATER, state=state)
        )
    db.session.commit()
    assert needs(NOW) == {NeedKind.FAILED: 2}
    assert needs(LATER) == {}


def test_mails_that_wait_too_long_show_that_nothing_is_sent(any_app: Flask, ani: Person):
    db.session.add(
        Message(
            person=ani, kind=MailKind.REMINDER, local_day=NOW.date(), due_at=NOW, expires_at=NOW + timedelta(days=1)
        )
    )
    db.session.commit()
    assert needs(NOW + page.OVERDUE) == {}
    assert needs(NOW + page.OVERDUE + page.KEPT_FOR) == {NeedKind.NOTHING_SENDS: 1}


def test_rungs_that_wait_too_long_are_an_alarm_of_their_own(any_app: Flask, programme, hall, ani):
    invitation = an_invitation(a_published_activity(programme, hall), ani, invited_at=NOW)
    rule = {"kind": RungKind.CALL, "timing": RungTiming.BEFORE_START, "days": 1, "at": time(9), "starts_at": at(18)}
    db.session.add(Rung(invitation=invitation, position=0, due_at=NOW, **rule))
    db.session.commit()
    assert NeedKind.LADDERS not in needs(NOW + page.OVERDUE)
    found = needs(NOW + page.OVERDUE + page.KEPT_FOR)
    assert (found[NeedKind.LADDERS], NeedKind.NOTHING_SENDS in found) == (1, False)


def test_the_next_mails_show_their_number_of_readers(any_app: Flask, programme, hall, ani):
    activity = a_published_activity(programme, hall)
    an_invitation(activity, ani, invited_at=NOW)
    for key, due_at in (("soon", at(11)), ("too far", NOW + page.MAILS_WITHIN)):
        db.session.add(
            Reminder(activity=activity, key=key, kind=MailKind.REMINDER, audience=Audience.UNANSWERED, due_at=due_at)
        )
    db.session.commit()
    assert [(mail.due_at, mail.people) for mail in page.overview(now=NOW).mails] == [(at(11), 1)]


def test_the_next_mails_count_people_who_came_and_have_an_address_and_leave_out_unsent_mails(
    any_app: Flask, programme, hall, ani, budi, chief
):
    held = a_published_activity(programme, hall, 4, respond_by_at=at(3))
    promised, came, walked_in = (
        an_invitation(held, invitee, state=state, invited_at=at(1))
        for invitee, state in (
            (budi, InvitationState.COMING),
            (ani, InvitationState.INVITED),
            (chief, InvitationState.COMING),
        )
    )
    for invitation in (came, walked_in):
        db.session.add(
            Attendance(invitation=invitation, present=True, source=AttendanceSource.PAPER, recorded_at=at(4))
        )
    waits = a_published_activity(programme, None, 18, respond_by_at=at(8), told_at=at(5))
    for invitee in (ani, budi, a_person("Siti Aminah", email="")):
        an_invitation(waits, invitee, state=InvitationState.PREPARED)
    for activity, kind, audience, due in (
        (held, MailKind.THANKS, Audience.PRESENT, at(5)),
        (waits, MailKind.INVITATION, Audience.NEWLY_INVITED, at(5, 9)),
        (waits, MailKind.REMINDER, Audience.UNANSWERED, at(9)),  # after the deadline
    ):
        db.session.add(Reminder(activity=activity, key=kind.value, kind=kind, audience=audience, due_at=due))
    db.session.commit()
    mails = page.overview(now=at(4, 13)).mails
    assert [(mail.kind, mail.people) for mail in mails] == [(MailKind.THANKS, 2), (MailKind.INVITATION, 2)]


def test_the_next_mails_count_the_readers_of_a_cancellation_and_a_postponement(
    any_app: Flask, office, activity, ani, budi
):
    invite_and_publish(activity, ani, a_person("Siti Aminah", email=""))
    send(NOW)
    postponed = invite_and_publish(draft_activity(None, None, 19), ani, budi)
    send(at(5))
    publishing.postpone(postponed.id, "Banjir", by=None, now=at(5))
    publishing.cancel(activity.id, "Banjir", by=None, now=at(5))
    mails = {mail.kind: mail.people for mail in page.overview(now=at(5)).mails}
    assert mails == {MailKind.POSTPONEMENT: 2, MailKind.CANCELLATION: 1}
    publishing.cancel(postponed.id, "Banjir", by=None, now=at(5, 9))
    mails = [(mail.kind, mail.people) for mail in page.overview(now=at(5, 9)).mails]
    assert mails == [(MailKind.CANCELLATION, 1), (MailKind.CANCELLATION, 2)]


def test_the_page_is_cached_for_a_moment_and_refreshed_by_any_change(
    any_app: Flask, programme, hall, queries: Callable
):
    a_published_activity(programme, hall)
    first = queries(lambda: page.overview(now=NOW))
    assert queries(lambda: page.overview(now=LATER - timedelta(seconds=1))) == 0
    assert queries(lambda: page.overview(now=LATER)) <= first  # clashes may be cached for longer
    a_published_activity(programme, None, 19)
    assert page.overview(now=LATER).upcoming == 2


def test_a_change_saved_while_the_page_is_read_is_shown_next_time(any_app: Flask, programme):
    days = {"starts_on": programme.starts_on, "ends_on": programme.ends_on, "zone": JAKARTA}
    db.session.rollback()
    saving: list[threading.Thread] = []

    def save() -> None:
        with any_app.app_context():
            db.session.add(Programme(title="Lagi", **days))
            db.session.commit()
            db.session.remove()

    def save_meanwhile(_connection, _cursor, statement: str, *_more: object) -> None:
        if "FROM date_poll" in statement and not saving:  # the programmes are counted by now
            saving.append(threading.Thread(target=save))
            saving[0].start()
            saving[0].join(60)

    sa.event.listen(db.engine, "after_cursor_execute", save_meanwhile)
    try:
        assert page.overview(now=NOW).programmes == 1
    finally:
        sa.event.remove(db.engine, "after_cursor_execute", save_meanwhile)
    db.session.rollback()
    assert page.overview(now=NOW).programmes == 2


def test_three_hundred_activities_take_as_many_queries_as_three(
    any_app: Flask, programme, hall, ani, queries: Callable
):
    def filled(count: int) -> int:
        for number in range(count):
            starts_at = at(18) + timedelta(days=number)
            activity = a_published_activity(
                None, None, 18, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2), respond_by_at=starts_at
            )
            db.session.add(Invitation(activity=activity, person=ani, state=InvitationState.INVITED, role=Role.CADRE))
        db.session.commit()
        return queries(lambda: page.overview(now=NOW))

    filled(3)
    few = filled(3)  # at the times of the former ones, so that somebody is in two at once already
    assert filled(294) <= few


def test_a_speaker_who_declined_is_listed_until_removed_from_the_agenda(any_app: Flask, programme, hall, chief):
    activity = a_published_activity(programme, hall)
    an_invitation(activity, chief, state=InvitationState.NOT_COMING, role=Role.SPEAKER)
    assert needs()[NeedKind.DECLINED] == 1  # no agenda at all
    line = AgendaItem(activity=activity, starts_at=at(18, 9), ends_at=at(18, 10), topic="Materi", speakers=[chief])
    db.session.add(line)
    db.session.commit()
    [need] = [need for need in page.overview(now=NOW).needs if need.kind is NeedKind.DECLINED]
    assert need.names == ("Kapolres Metro",)
    line.speakers = []
    db.session.commit()
    assert NeedKind.DECLINED not in needs()


def test_a_person_in_two_roles_is_counted_once_everywhere(any_app: Flask, programme, hall, chief):
    activity = a_published_activity(programme, hall)
    an_invitation(activity, chief, state=InvitationState.COMING, role=Role.SPEAKER)
    an_invitation(activity, chief, state=InvitationState.COMING, role=Role.MODERATOR)
    assert page.overview(now=NOW).next[0].answers.coming == 1
    assert browsing.answers_by(Activity.id, [activity.id])[activity.id].accepted == 1


def said(poll, invitee, *choices) -> None:
    poll_answering.record(poll.id, asked(poll, invitee).id, dates(poll, *choices), AnswerSource.PHONE, by=None, now=NOW)


def of_polls(now) -> set[NeedKind]:
    return set(needs(now)) & {NeedKind.POLLS_RUN, NeedKind.POLLS_DECIDE}


def test_a_date_poll_waits_for_its_answers_and_then_for_a_decision(any_app: Flask, office, ani, chief):
    poll = a_poll(ani, chief)
    draft = a_poll(ani, opened=False)
    assert draft.id != poll.id
    said(poll, ani, YES, NO, YES)
    [need] = page.overview(now=NOW).needs
    assert need.kind is NeedKind.POLLS_RUN
    assert need.polls == (PollStanding(poll.id, poll.title, at(7, 16), JAKARTA, True, 2, 1),)
    said(poll, chief, YES, YES, NO)
    assert needs() == {NeedKind.POLLS_DECIDE: 1}
    poll_deciding.decide(poll.id, poll.slots[0].id, publish=False, by=None, now=NOW)
    assert of_polls(NOW) == set()


def test_a_closed_date_poll_waits_for_a_decision_until_its_last_slot_has_begun(any_app: Flask, office, ani):
    poll = a_poll(ani)
    just_before, last = at(7, 16) - timedelta(seconds=1), poll.slots[-1].starts_at
    assert of_polls(just_before) == {NeedKind.POLLS_RUN}
    db.session.commit()
    assert of_polls(at(7, 16)) == {NeedKind.POLLS_DECIDE}  # no engine has closed it yet
    poll_asking.tick(at(7, 16))
    assert of_polls(last - timedelta(seconds=1)) == {NeedKind.POLLS_DECIDE}
    db.session.commit()
    assert of_polls(last) == set()


def test_answers_to_the_day_before_a_move_wait_for_their_confirmation(
    any_app: Flask, programme, hall, ani, budi, chief
):
    moved = a_published_activity(programme, hall, 18, sequence=1)
    an_invitation(moved, ani, state=InvitationState.COMING, role=Role.CADRE, answered_sequence=0)
    an_invitation(moved, budi, state=InvitationState.COMING, role=Role.CADRE, answered_sequence=1)
    an_invitation(moved, a_person("Siti Rahma"), state=InvitationState.NOT_COMING, role=Role.CADRE, answered_sequence=0)
    an_invitation(moved, chief, role=Role.SPEAKER)
    found = page.overview(now=NOW)
    assert found.next[0].answers == Answers(
        coming=2,
        not_coming=1,
        open=1,
        seats_taken=2,
        speakers=1,
        outdated=1,
        unreachable=found.next[0].answers.unreachable,
    )
    assert needs()[NeedKind.CONFIRM] == 1
    counted = browsing.answers_by(Activity.id, [moved.id])[moved.id]
    assert (counted.outdated, counted.coming) == (1, 2)
    listed = lists.listed(moved.id, InviteeFilters(outdated=True), now=NOW)
    assert [row.invitation.person.name for row in listed.rows] == [ani.name]
    assert listed.outdated == 1
