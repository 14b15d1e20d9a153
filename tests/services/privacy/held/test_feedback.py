"""Only that somebody gave feedback is held about them. What they said has no name: erasing cannot find it."""

from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import ActingPerson, FeedbackGiven, FeedbackRemark
from outreach.queries import feedback as feedback_pages
from outreach.services.privacy import person as privacy
from tests.world import a_person, count, invitation_of
from tests.world.feedback import DAY_AFTER, people, say, were_there


def test_erasing_forgets_that_somebody_answered_and_leaves_the_result(any_app, activity, coordinator):
    came = people(5)
    were_there(activity, *came)
    for person in came:
        say(activity, person, remark=f"kata {person.name}")
    before = feedback_pages.result(activity.id)
    exported = privacy.export(came[0].id, by=coordinator, now=DAY_AFTER)
    assert exported["feedback_given_about"] == [activity.title]
    assert "kata " not in repr(exported)
    privacy.erase(came[0].id, by=coordinator, now=DAY_AFTER)
    assert feedback_pages.result(activity.id) == before
    assert (count(FeedbackGiven), count(FeedbackRemark)) == (4, 5)


def test_feedback_of_who_acted_is_theirs_and_not_the_invitees(any_app, activity, coordinator):
    invitee, *_others = came = people(6)
    rina = a_person("Rina Dewi", email="rina@example.com")
    were_there(activity, *came)
    invitation = invitation_of(activity, invitee)
    invitation.state = InvitationState.REPRESENTED
    db.session.add(
        ActingPerson(invitation_id=invitation.id, name="Rina Dewi", email="rina@example.com", nonce="r" * 16)
    )
    db.session.add(FeedbackGiven(invitation_id=invitation.id))
    db.session.commit()
    assert privacy.export(invitee.id, by=coordinator, now=DAY_AFTER)["feedback_given_about"] == []
    assert privacy.export(rina.id, by=coordinator, now=DAY_AFTER)["feedback_given_about"] == [activity.title]
    privacy.erase(rina.id, by=coordinator, now=DAY_AFTER)
    assert count(FeedbackGiven) == 0
