"""The history of an invitation: what happened, from each source, in the order of time."""

from datetime import timedelta

from outreach.domain.answers import Choice
from outreach.domain.calls import CallOutcome
from outreach.queries.invitations import history
from outreach.queries.invitations.history import EntryKind
from outreach.services.calls import record as recording
from outreach.services.calls.callee import CalleeKey
from outreach.services.calls.record import CallResult
from tests.world import NOW, answer, invitation_of, invite_and_publish


def test_mails_calls_and_answers_stand_in_the_order_of_time(any_app, activity, ani, coordinator):
    invite_and_publish(activity, ani, by=coordinator)
    about, ani_ = [invitation_of(activity, ani).id], CalleeKey("person", ani.id)
    for hours, outcome in ((1, CallOutcome.NO_ANSWER), (5, CallOutcome.COMING)):
        recording.record(ani_, CallResult(outcome, about), by=coordinator, now=NOW + timedelta(hours=hours))
    answer(activity, ani, Choice.NOT_COMING, now=NOW + timedelta(hours=9))
    found = history.of(invitation_of(activity, ani))
    assert [(one.kind, one.at - NOW) for one in found] == [
        (EntryKind.INVITED, timedelta(0)),
        (EntryKind.MAIL, timedelta(0)),
        (EntryKind.CALL, timedelta(hours=1)),
        (EntryKind.CALL, timedelta(hours=5)),
        (EntryKind.RECORDED, timedelta(hours=5)),
        (EntryKind.RECORDED, timedelta(hours=9)),
    ]


def test_the_page_of_an_invitation_shows_its_history(activity, ani, coordinator, coordinator_client):
    invite_and_publish(activity, ani, by=coordinator)
    invitation_id = invitation_of(activity, ani).id
    question = CallResult(CallOutcome.QUESTION, [invitation_id], "Boleh membawa anak?")
    recording.record(CalleeKey("person", ani.id), question, by=coordinator, now=NOW)
    answer(activity, ani, Choice.COMING)
    page = coordinator_client.get(f"/invitations/{invitation_id}").text.partition("History")[2]
    assert "Question for the coordinator" in page
    assert "Boleh membawa anak?" in page
    assert "Coming" in page
