"""Who declines may say why, and speakers and organisations may wish another day; coordinators hear of it."""

from datetime import date

import pytest

from outreach.domain.answers import Choice
from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import GivenAnswer
from outreach.queries import bell
from outreach.services.answers import answer as answering
from outreach.services.answers import decline as declining
from outreach.services.answers.answer import NothingToAnswer
from outreach.services.answers.decline import DayNotAsked, NotDeclined, ReasonTooLong, WishedDayUnusable
from outreach.services.privacy import person as privacy
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import NOW, at, invitation_of, invite, invite_organisation, minutes, token_of

WISH = date(2027, 1, 25)


@copied
def link(any_app, published, chief) -> str:
    """The link of the chief, who is asked to speak and declines."""
    invite(published, chief, role=Role.SPEAKER)
    reminding.tick(NOW)
    answering.answer(token_of(chief), published.id, Choice.NOT_COMING, now=NOW)
    return token_of(chief)


def given_reasons() -> list[GivenAnswer]:
    db.session.rollback()
    return [one for one in db.session.query(GivenAnswer) if one.reason or one.wished_on]


def said_of(activity, invitee):
    return declining.of(db.session(), [invitation_of(activity, invitee).id]).get(invitation_of(activity, invitee).id)


def test_a_speaker_says_why_and_wishes_another_day(link, published, chief):
    declining.explain(link, published.id, " Ada  apel ", WISH, now=NOW + minutes(1))
    said = said_of(published, chief)
    assert (said.reason, said.wished_on) == ("Ada apel", WISH)
    (news,) = bell.current(now=NOW + minutes(2)).news
    assert (news.reason, news.wished_on, news.at) == ("Ada apel", WISH, NOW + minutes(1))
    declining.explain(link, published.id, "", None, now=NOW + minutes(3))
    assert (said_of(published, chief), given_reasons()) == (None, [])


def test_a_later_answer_makes_the_reason_void(link, published, chief):
    declining.explain(link, published.id, "Ada apel", now=NOW)
    for choice in (Choice.COMING, Choice.NOT_COMING):
        answering.answer(link, published.id, choice, now=NOW + minutes(5))
        assert said_of(published, chief) is None


def test_a_cadre_gives_a_reason_but_wishes_no_day(published, ani):
    reminding.tick(NOW)
    with pytest.raises(NotDeclined):
        declining.explain(token_of(ani), published.id, "Sakit", now=NOW)
    answering.answer(token_of(ani), published.id, Choice.NOT_COMING, now=NOW)
    with pytest.raises(DayNotAsked):
        declining.explain(token_of(ani), published.id, "Sakit", WISH, now=NOW)
    declining.explain(token_of(ani), published.id, "Sakit", now=NOW)
    assert said_of(published, ani).reason == "Sakit"
    assert bell.current(now=NOW).news == ()


def test_an_organisation_that_wishes_another_day_is_news(published, police):
    invite_organisation(published, police)
    reminding.tick(NOW)
    answering.answer(token_of(police), published.id, Choice.NOT_COMING, now=NOW)
    assert bell.current(now=NOW).news == ()
    declining.explain(token_of(police), published.id, "", WISH, now=NOW)
    assert [(one.name, one.wished_on) for one in bell.current(now=NOW).news] == [("Polres Metro", WISH)]


@pytest.mark.parametrize(
    ("reason", "wished_on", "problem"),
    [
        ("x" * 301, None, ReasonTooLong),
        ("", date(2027, 1, 3), WishedDayUnusable),
        ("", date(2029, 6, 1), WishedDayUnusable),
    ],
)
def test_what_cannot_be_used_is_refused(link, published, reason, wished_on, problem):
    with pytest.raises(problem):
        declining.explain(link, published.id, reason, wished_on, now=NOW)
    assert given_reasons() == []


def test_nothing_is_explained_of_others_activities_or_after_the_day(link, published):
    with pytest.raises(NothingToAnswer):
        declining.explain(link, published.id + 1, "Sakit", now=NOW)
    with pytest.raises(NotDeclined):
        declining.explain(link, published.id, "Sakit", now=at(18, 12))


def test_the_reason_is_exported_and_erased(link, published, chief, coordinator):
    declining.explain(link, published.id, "Ada apel", WISH, now=NOW)
    exported = privacy.export(chief.id, by=coordinator, now=NOW)
    assert [(one["reason"], one["wished_on"]) for one in exported["answers"]] == [("Ada apel", "2027-01-25")]
    privacy.erase(chief.id, by=coordinator, now=NOW)
    assert given_reasons() == []
