"""Who has been invited after the last reminder to answer: no rule reminds them, and the pages say so."""

import pytest

from outreach.domain.answers import Choice
from outreach.extensions import db
from outreach.queries.invitations import lists as invitees
from outreach.queries.invitations.select import InviteeFilters
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders import remind_now as by_hand
from tests.support.copied import copied
from tests.world import NOW, a_person, answer, at, draft_activity, invitation_of, invite, mails, publish, run

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")


@copied
def begun(ani):
    """It takes place on Monday the 18th. Ani is invited early; the last reminder to answer is due on Friday the 15th."""
    activity = draft_activity(None, None, 18, respond_by_at=at(17, 16))
    invite(activity, ani)
    publish(activity)
    run(NOW)
    run(at(11, 8))
    return activity


def unreminded(activity, now):
    found = invitees.listed(activity.id, InviteeFilters(unreminded=True), now=now)
    assert all(row.unreminded for row in found.rows)
    assert found.unreminded == len(found.rows)
    return [row.invitation.invitee.display_name for row in found.rows]


def test_who_is_invited_after_the_last_reminder_is_listed_until_staff_reminds_them(begun, budi):
    run(at(15, 8))
    assert unreminded(begun, at(15, 9)) == []
    invite(begun, budi, now=at(16, 9))
    run(at(16, 9))
    assert unreminded(begun, at(16, 10)) == ["Budi Santoso"]
    everybody = invitees.listed(begun.id, InviteeFilters(), now=at(16, 10))
    assert {row.invitation.invitee.display_name: row.unreminded for row in everybody.rows} == {
        "Ani Wijaya": False,
        "Budi Santoso": True,
    }
    assert invitees.one(invitation_of(begun, budi).id).unreminded
    by_hand.remind(begun.id, [invitation_of(begun, budi).id], by=None, now=at(17, 8))
    run(at(17, 8))
    assert unreminded(begun, at(17, 9)) == []


def test_nobody_is_listed_whom_a_reminder_would_not_reach_or_help(begun, budi):
    run(at(15, 8))
    late = {name: a_person(name, email=f"{name.lower()}@example.com") for name in ("Dedi", "Eka", "Fajar", "Gita")}
    nobodys = a_person("Citra", email="")
    invite(begun, *late.values(), nobodys, now=at(16, 9))
    run(at(16, 9))
    assert unreminded(begun, at(16, 10)) == ["Dedi", "Eka", "Fajar", "Gita"]
    answer(begun, late["Dedi"], Choice.COMING, now=at(16, 10))
    answer(begun, late["Fajar"], Choice.NOT_COMING, now=at(16, 10))
    late["Eka"].reminders_stopped_at = at(16, 10)
    db.session.commit()
    assert unreminded(begun, at(16, 11)) == ["Gita"]
    invite(begun, budi, now=at(17, 17))  # after the deadline there is no reminder to answer, by hand neither
    run(at(17, 17))
    assert unreminded(begun, at(17, 18)) == []


def test_a_reminder_by_hand_counts_as_the_last_one(ani, budi):
    """It is published so late that no rule's reminder goes out."""
    activity = draft_activity(None, None, 18, respond_by_at=at(17, 16))
    invite(activity, ani, now=at(16, 8))
    publish(activity, now=at(16, 8))
    run(at(16, 8))
    by_hand.remind(activity.id, [invitation_of(activity, ani).id], by=None, now=at(17, 8))
    run(at(17, 8))
    invite(activity, budi, now=at(17, 9))
    run(at(17, 9))
    assert forecasting.not_reminded_if_invited([activity.id], now=at(17, 9)) == {activity.id}
    assert unreminded(activity, at(17, 10)) == ["Budi Santoso"]


@pytest.mark.parametrize("invited_at", [at(12, 9), at(14, 23), at(15, 7), at(15, 9), at(16, 9)])
def test_what_is_said_before_inviting_is_what_then_happens(begun, budi, invited_at):
    (without,) = [begun.id in forecasting.not_reminded_if_invited([begun.id], now=invited_at)]
    if invited_at > at(15, 8):
        run(at(15, 8))
    invite(begun, budi, now=invited_at)
    run(invited_at)
    said_later = unreminded(begun, invited_at)
    for day in (15, 16, 17):
        run(max(at(day, 8), invited_at))
    reminded = any(name == "Budi" and "reminder" in kinds for name, _when, kinds in mails())
    assert without is not reminded
    assert said_later in ([], ["Budi Santoso"] if without else [])
    assert unreminded(begun, at(17, 9)) == (["Budi Santoso"] if without else [])
