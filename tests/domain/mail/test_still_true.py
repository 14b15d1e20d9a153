"""Whether a line is still true at the moment of sending."""

from dataclasses import replace
from datetime import timedelta

import pytest

from outreach.domain.kinds import Audience, MailKind
from outreach.domain.mail.still_true import LineFacts, SkipReason, skip_because
from outreach.domain.states import ANSWERED, ActivityState, InvitationState
from tests.world import NOW

REMINDER = LineFacts(
    kind=MailKind.REMINDER,
    audience=Audience.UNANSWERED,
    activity_state=ActivityState.PUBLISHED,
    activity_sequence=0,
    line_sequence=0,
    invitation_state=InvitationState.INVITED,
    present=False,
    stopped=False,
    link_revoked=False,
    nominated=False,
    told_before=True,
    useful_until=NOW + timedelta(hours=1),
)
INVITATION = replace(REMINDER, kind=MailKind.INVITATION, audience=Audience.NEWLY_INVITED, told_before=False)
CHANGE = replace(REMINDER, kind=MailKind.CHANGE, audience=Audience.EXPECTED)
CANCELLATION = replace(CHANGE, kind=MailKind.CANCELLATION, activity_state=ActivityState.CANCELLED)
POSTPONEMENT = replace(CHANGE, kind=MailKind.POSTPONEMENT, activity_state=ActivityState.POSTPONED)
THANKS = replace(
    REMINDER, kind=MailKind.THANKS, audience=Audience.PRESENT, activity_state=ActivityState.HELD, present=True
)
WITHDRAWAL = replace(
    REMINDER, kind=MailKind.WITHDRAWAL, audience=Audience.ONE, invitation_state=InvitationState.WITHDRAWN
)
SEAT = replace(REMINDER, kind=MailKind.SEAT, audience=Audience.ONE, invitation_state=InvitationState.COMING)
NOTED = replace(
    REMINDER, kind=MailKind.CONFIRMATION, audience=Audience.ONE, invitation_state=InvitationState.NOT_COMING
)
TO_COME = replace(REMINDER, audience=Audience.COMING, invitation_state=InvitationState.COMING)
EVERY = (REMINDER, INVITATION, CHANGE, POSTPONEMENT, CANCELLATION, THANKS, WITHDRAWAL, NOTED, TO_COME)


@pytest.mark.parametrize("facts", EVERY)
def test_each_line_is_sent_when_it_is_true(facts):
    assert skip_because(facts, NOW) is None


@pytest.mark.parametrize("facts", EVERY)
def test_nothing_is_sent_from_the_moment_it_is_useless(facts):
    assert skip_because(facts, facts.useful_until - timedelta(seconds=1)) is None
    assert skip_because(facts, facts.useful_until) is SkipReason.TOO_LATE


@pytest.mark.parametrize("facts", [INVITATION, REMINDER, CHANGE])
def test_mails_that_a_postponement_held_back_stay_held_back_after_the_former_start(facts):
    held_back = replace(facts, activity_state=ActivityState.POSTPONED)
    for now in (facts.useful_until - timedelta(seconds=1), facts.useful_until):
        assert skip_because(held_back, now) is SkipReason.ACTIVITY_POSTPONED


@pytest.mark.parametrize("facts", [POSTPONEMENT, replace(WITHDRAWAL, activity_state=ActivityState.POSTPONED)])
def test_news_of_a_postponed_activity_is_too_late_once_it_is_no_longer_useful(facts):
    assert skip_because(facts, facts.useful_until) is SkipReason.TOO_LATE


@pytest.mark.parametrize(
    ("facts", "changes", "reason"),
    [
        (REMINDER, {"invitation_state": InvitationState.COMING}, SkipReason.ANSWERED),
        (REMINDER, {"invitation_state": InvitationState.NOT_COMING}, SkipReason.ANSWERED),
        (REMINDER, {"invitation_state": InvitationState.WITHDRAWN}, SkipReason.WITHDRAWN),
        (REMINDER, {"activity_state": ActivityState.CANCELLED}, SkipReason.ACTIVITY_CANCELLED),
        (REMINDER, {"activity_state": ActivityState.DRAFT}, SkipReason.NOT_PUBLISHED),
        (REMINDER, {"activity_sequence": 1}, SkipReason.ACTIVITY_MOVED),
        (REMINDER, {"stopped": True}, SkipReason.STOPPED),
        (TO_COME, {"invitation_state": InvitationState.NOT_COMING}, SkipReason.NOT_ATTENDING),
        (TO_COME, {"invitation_state": InvitationState.INVITED}, SkipReason.NOT_ATTENDING),
        (INVITATION, {"invitation_state": InvitationState.COMING}, SkipReason.ANSWERED),
        (INVITATION, {"activity_state": ActivityState.CANCELLED}, SkipReason.ACTIVITY_CANCELLED),
        (INVITATION, {"link_revoked": True}, SkipReason.LINK_REVOKED),
        (REMINDER, {"link_revoked": True}, SkipReason.LINK_REVOKED),
        (THANKS, {"stopped": True}, SkipReason.STOPPED),
        (CHANGE, {"told_before": False}, SkipReason.NEVER_TOLD),
        (CHANGE, {"invitation_state": InvitationState.NOT_COMING}, SkipReason.DECLINED),
        (CHANGE, {"stopped": True}, SkipReason.STOPPED),
        (CANCELLATION, {"told_before": False}, SkipReason.NEVER_TOLD),
        (POSTPONEMENT, {"told_before": False}, SkipReason.NEVER_TOLD),
        (POSTPONEMENT, {"invitation_state": InvitationState.NOT_COMING}, SkipReason.DECLINED),
        (POSTPONEMENT, {"activity_state": ActivityState.PUBLISHED}, SkipReason.NEW_DATE),
        (POSTPONEMENT, {"activity_state": ActivityState.CANCELLED}, SkipReason.ACTIVITY_CANCELLED),
        (REMINDER, {"activity_state": ActivityState.POSTPONED}, SkipReason.ACTIVITY_POSTPONED),
        (INVITATION, {"activity_state": ActivityState.POSTPONED}, SkipReason.ACTIVITY_POSTPONED),
        (CHANGE, {"activity_state": ActivityState.POSTPONED}, SkipReason.ACTIVITY_POSTPONED),
        (NOTED, {"activity_state": ActivityState.POSTPONED}, SkipReason.ACTIVITY_POSTPONED),
        (CANCELLATION, {"invitation_state": InvitationState.NOT_COMING}, SkipReason.DECLINED),
        (THANKS, {"present": False}, SkipReason.NOT_ATTENDING),
        (WITHDRAWAL, {"told_before": False}, SkipReason.NEVER_TOLD),
        (WITHDRAWAL, {"invitation_state": InvitationState.INVITED}, SkipReason.SAID_BY_ANOTHER_LINE),
    ],
)
def test_each_line_is_held_back_once_it_is_no_longer_true(facts, changes, reason):
    assert skip_because(facts, NOW) is None
    assert skip_because(replace(facts, **changes), NOW) is reason


@pytest.mark.parametrize("state", [InvitationState.COMING, InvitationState.REPRESENTED])
@pytest.mark.parametrize("facts", [CHANGE, POSTPONEMENT, CANCELLATION])
def test_people_who_stopped_the_mails_are_still_notified_of_changes_to_what_they_accepted(facts, state):
    assert skip_because(replace(facts, stopped=True, invitation_state=state), NOW) is None


@pytest.mark.parametrize("facts", [INVITATION, WITHDRAWAL, SEAT, NOTED])
def test_people_who_stopped_reminders_still_get_all_other_mails(facts):
    assert skip_because(replace(facts, stopped=True), NOW) is None


def test_an_answer_is_confirmed_while_it_exists():
    for state in InvitationState:
        wanted = SkipReason.WITHDRAWN if state is InvitationState.WITHDRAWN else SkipReason.NOT_ATTENDING
        found = skip_because(replace(NOTED, invitation_state=state), NOW)
        assert found is (None if state in ANSWERED else wanted)


def test_a_nominee_is_notified_although_the_office_has_answered():
    nominee = replace(INVITATION, invitation_state=InvitationState.COMING, nominated=True)
    assert skip_because(nominee, NOW) is None
    assert skip_because(replace(nominee, nominated=False), NOW) is SkipReason.ANSWERED
    assert skip_because(replace(nominee, invitation_state=InvitationState.NOT_COMING), NOW) is SkipReason.ANSWERED


def test_a_represented_invitee_is_still_reminded_the_day_before():
    assert skip_because(replace(TO_COME, invitation_state=InvitationState.REPRESENTED), NOW) is None


@pytest.mark.parametrize("facts", [CHANGE, POSTPONEMENT, CANCELLATION])
def test_a_nominee_notified_only_by_the_office_still_gets_changes(facts):
    untold = replace(facts, told_before=False)
    assert skip_because(replace(untold, invitation_state=InvitationState.COMING), NOW) is None
    assert skip_because(replace(untold, invitation_state=InvitationState.INVITED), NOW) is SkipReason.NEVER_TOLD


def test_a_withdrawal_is_told_while_the_activity_is_postponed():
    assert skip_because(replace(WITHDRAWAL, activity_state=ActivityState.POSTPONED), NOW) is None
