"""Histories on pages: each entry says who, to whom and by which way, and leads on; the whole of it by kind, and as a file."""

from dataclasses import replace
from datetime import timedelta

from outreach.domain.answers import Choice, Representative
from outreach.domain.calls import CallOutcome
from outreach.domain.kinds import AnswerSource, HolderKind, LetterKind, PollChoice, Role
from outreach.domain.ladder.rungs import LadderName, RungKind, RungRule, RungTiming
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import FormerHolder
from outreach.services import audit
from outreach.services.answers import answer as answering
from outreach.services.answers import decline as declining
from outreach.services.calls import record as recording
from outreach.services.calls.callee import CalleeKey
from outreach.services.calls.record import CallResult
from outreach.services.directory import people
from outreach.services.invitations.post_holders import CHANGED
from outreach.services.ladder import climb, edit
from outreach.services.letters import make
from outreach.services.polls.answer import record as recorded
from tests.support.copied import copied
from tests.web.reading import page, text_of
from tests.world import NOW, answer, at, fresh, invitation_of, invite_and_publish, move, token_of
from tests.world.mails import run
from tests.world.polls import a_poll, asked, dates

RINA = Representative("Kompol Rina Dewi", "Wakapolres", email="rina@example.com")


def hours(number: float):
    return NOW + timedelta(hours=number)


@copied
def speaking(default_rules, activity, chief, coordinator):
    """The chief is invited as a speaker, was called, and has named Rina by link; then the activity moved."""
    invite_and_publish(activity, chief, role=Role.SPEAKER, by=coordinator)
    run(NOW)
    make.make(LetterKind.SPEAKER_REQUEST, [invitation_of(activity, chief).id], by=coordinator, now=hours(1))
    question = CallResult(CallOutcome.AGAIN, [invitation_of(activity, chief).id], "Sedang apel", again_at=hours(30))
    recording.record(CalleeKey("person", chief.id), question, by=coordinator, now=hours(2))
    answering.answer(token_of(chief), activity.id, Choice.REPRESENTED, RINA, now=at(5))
    run(at(5))
    move(activity, at(19, 8), at(19, 12), now=at(6))
    run(at(6))
    return activity


def test_each_entry_says_who_to_whom_and_by_which_way(speaking, chief, coordinator_client):
    shown = page(coordinator_client, f"/invitations/{invitation_of(speaking, chief).id}/history")
    text = text_of(shown)
    said = [
        "to Kompol Rina Dewi, who comes in their place", "Kompol Rina Dewi, Wakapolres comes in their place",
        "named by the invitee", "Call again by Coordinator · by phone", "Sedang apel",
        "Letter asking a speaker: made from the plan by Coordinator", "Activity: moved", "Invited Speaker",
    ]  # fmt: skip
    assert [one for one in said if one not in text] == []
    assert [f'href="{address}' in shown for address in ("/messages/", "/letters/", "/activities/")] == [True] * 3
    assert (
        text.index("Wednesday, 6 January 2027") < text.index("Tuesday, 5 January 2027") < text.index("4 January 2027")
    )


def test_steps_that_an_answer_made_needless_are_one_line(activity, ani, coordinator, coordinator_client):
    rules = [RungRule(RungKind.MAIL, RungTiming.AFTER_INVITATION, days) for days in (2, 3, 5)]
    edit.save(LadderName.CADRES, rules, by=coordinator, now=NOW)
    invite_and_publish(activity, ani, by=coordinator)
    climb.tick(NOW)
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=hours(1))
    climb.tick(hours(2))
    invitation = invitation_of(activity, ani)
    text = text_of(page(coordinator_client, f"/invitations/{invitation.id}/history"))
    assert "Follow-up ended: there is an answer (3 steps)" in text
    assert (text.count("not needed"), text.count("Follow-up ended")) == (0, 1)
    assert "not needed" in text_of(page(coordinator_client, f"/invitations/{invitation.id}"))


def test_one_kind_is_shown_alone(speaking, chief, coordinator_client):
    address = f"/invitations/{invitation_of(speaking, chief).id}/history"
    calls = text_of(page(coordinator_client, f"{address}?show=calls"))
    assert ("Call again" in calls, "Kompol Rina" in calls) == (True, False)
    letters = text_of(page(coordinator_client, f"{address}?show=letters"))
    assert ("made from the plan" in letters, "Call again" in letters) == (True, False)
    assert "Call again" in text_of(page(coordinator_client, f"{address}?show=nonsense"))


def test_a_persons_page_has_the_latest_and_leads_to_all_of_it(speaking, chief, coordinator, coordinator_client):
    people.edit(
        chief.id, replace(people.values_of(fresh(chief)), post="Kapolres Kota"), by=coordinator, now=at(7)
    )  # fmt: skip
    shown = page(coordinator_client, f"/people/{chief.id}")
    assert f'href="/people/{chief.id}/history"' in shown
    history = text_of(page(coordinator_client, f"/people/{chief.id}/history"))
    for said in ("Changed by Coordinator Changed: post", "Call again", speaking.title, "Came into the address book"):
        assert said in history


def test_a_post_that_changed_hands_stands_with_the_former_holders_answer(speaking, chief, ani, coordinator_client):
    invitation = invitation_of(speaking, chief)
    invitation_id = invitation.id
    left = FormerHolder(
        invitation_id=invitation_id, person_id=ani.id, kind=HolderKind.DEFINITIVE, state=InvitationState.COMING,
        answered_at=hours(1), left_at=hours(2),
    )  # fmt: skip
    db.session.add(left)
    audit.record(db.session(), None, CHANGED, invitation, now=hours(2), name="Kapolres Metro")
    db.session.commit()
    said = "The invitation went on to the post's new holder until then: Ani Wijaya Their answer: Coming"
    history = text_of(page(coordinator_client, f"/invitations/{invitation_id}/history"))
    assert said in history
    assert "goes to the new holder of the post" not in history.lower()  # it stands once


def test_an_organisations_page_has_its_history(activity, police, coordinator, coordinator_client):
    question = CallResult(CallOutcome.NO_ANSWER, [])
    recording.record(CalleeKey("organisation", police.id), question, by=coordinator, now=NOW)
    for address in (f"/organisations/{police.id}", f"/organisations/{police.id}/history"):
        assert "Did not pick up" in text_of(page(coordinator_client, address))


def test_the_card_says_how_much_more_there_is(activity, ani, coordinator, coordinator_client):
    for number in range(30):
        result = CallResult(CallOutcome.NO_ANSWER, [])
        recording.record(CalleeKey("person", ani.id), result, by=coordinator, now=hours(number))
    assert "All of it, with 11 more entries" in page(coordinator_client, f"/people/{ani.id}")
    assert page(coordinator_client, f"/people/{ani.id}/history").count("Did not pick up") == 30


def test_a_file_has_all_of_it_and_formulas_are_quoted(activity, ani, coordinator, coordinator_client):
    invite_and_publish(activity, ani, by=coordinator)
    about = [invitation_of(activity, ani).id]
    result = CallResult(CallOutcome.NO_ANSWER, about, '=HYPERLINK("http://evil.example.com","x")')
    recording.record(CalleeKey("person", ani.id), result, by=coordinator, now=hours(1))
    for address in (f"/invitations/{about[0]}/history", f"/people/{ani.id}/history"):
        lines = coordinator_client.get(f"{address}?file=csv").text
        assert "Did not pick up" in lines
        assert [cell.startswith(("=", '"=')) for cell in lines.split(",")] == [False] * len(lines.split(","))


def test_who_only_reads_sees_the_history_but_unknown_ones_do_not_exist(speaking, chief, viewer_client):
    assert "Call again" in page(viewer_client, f"/invitations/{invitation_of(speaking, chief).id}/history")
    missing = ["/invitations/999/history", "/people/999/history", "/organisations/999/history"]
    assert [viewer_client.get(address).status_code for address in missing] == [404] * 3


def test_a_reason_and_a_recorded_answer_stand_with_how_they_came(activity, ani, budi, coordinator, coordinator_client):
    invite_and_publish(activity, ani, budi, by=coordinator)
    answering.answer(token_of(ani), activity.id, Choice.NOT_COMING, now=hours(1))
    declining.explain(token_of(ani), activity.id, "Ada rapat lain", None, now=hours(2))
    answer(activity, budi, Choice.COMING, now=hours(1))
    db.session.rollback()
    anis = text_of(page(coordinator_client, f"/invitations/{invitation_of(activity, ani).id}/history"))
    assert "Answer Not coming by the link Ada rapat lain" in anis
    budis = text_of(page(coordinator_client, f"/invitations/{invitation_of(activity, budi).id}/history"))
    assert "Answer Coming by phone" in budis


def test_the_answer_to_a_date_poll_stands_in_the_history_of_who_gave_it(office, chief, coordinator_client):
    poll = a_poll(chief)
    said = dates(poll, PollChoice.YES, PollChoice.YES, PollChoice.NO, note="Pagi saja")
    recorded(poll.id, asked(poll, chief).id, said, AnswerSource.PHONE, by=None, now=hours(1))
    text = text_of(page(coordinator_client, f"/people/{chief.id}/history?show=answers"))
    assert f"Answered the date poll “{poll.title}” by phone Pagi saja" in text
