"""Several lines for one person about one activity: only the most important one is sent."""

import itertools

import pytest

from outreach.delivery.mail.merge_lines import worth_saying
from outreach.domain.kinds import Audience, MailKind, Role
from outreach.domain.states import InvitationState
from tests.world import draft_activity
from tests.world.composed import line, published_invitation

WEIGHT = [MailKind.CANCELLATION, MailKind.CHANGE, MailKind.SEAT, MailKind.INVITATION, MailKind.REMINDER]


@pytest.mark.parametrize(("stronger", "weaker"), list(itertools.combinations(WEIGHT, 2)))
def test_the_more_important_line_is_sent_and_the_other_is_not(activity, ani, stronger, weaker):
    invitation = published_invitation(activity, ani)
    loses, wins = line(invitation, weaker), line(invitation, stronger)
    assert worth_saying([loses, wins]) == ([wins], [loses])


def test_lines_about_different_activities_are_all_sent_the_most_important_first(programme, hall, ani):
    activities = [draft_activity(programme, hall, day) for day in (18, 19, 20)]
    kinds = (MailKind.REMINDER, MailKind.INVITATION, MailKind.CANCELLATION)
    reminder, invitation, cancellation = (
        line(published_invitation(activity, ani), kind) for activity, kind in zip(activities, kinds, strict=True)
    )
    assert worth_saying([reminder, invitation, cancellation]) == ([cancellation, invitation, reminder], [])


def test_a_speaker_who_also_participates_is_addressed_as_a_speaker(activity, ani):
    as_cadre = line(published_invitation(activity, ani, Role.CADRE), MailKind.INVITATION)
    as_speaker = line(published_invitation(activity, ani, Role.SPEAKER), MailKind.INVITATION)
    assert worth_saying([as_cadre, as_speaker]) == ([as_speaker], [as_cadre])


def test_a_person_withdrawn_in_one_role_and_reminded_in_another_is_not_told_to_stay_away(activity, ani):
    withdrawn = line(
        published_invitation(activity, ani, Role.CADRE, state=InvitationState.WITHDRAWN), MailKind.WITHDRAWAL
    )
    assert worth_saying([withdrawn]) == ([withdrawn], [])
    reminder = line(published_invitation(activity, ani, Role.SPEAKER), MailKind.REMINDER, Audience.COMING)
    assert worth_saying([withdrawn, reminder]) == ([reminder], [withdrawn])
