"""Only that somebody gave feedback is held about them. What they said has no name: erasing cannot find it."""

from outreach.models import FeedbackGiven, FeedbackRemark
from outreach.queries import feedback as feedback_pages
from outreach.services.privacy import person as privacy
from tests.world import count
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
