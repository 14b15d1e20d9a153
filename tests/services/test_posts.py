"""Posts and their holders: an invitation to a post reaches its holder of the activity's day, and follows the post."""

from dataclasses import fields, replace
from datetime import date

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.activities.values import ActivityValues, Move
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, HolderKind, MailKind, Role
from outreach.domain.ladder.rungs import LadderName, RungKind, RungRule, RungState, RungTiming
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.posts import NobodyHolds
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import (
    AgendaItem,
    AnswerEvidence,
    AuditEntry,
    FormerHolder,
    Invitation,
    InvitedPost,
    Link,
    Material,
    Message,
    MessageLine,
    PostHolder,
    ProposedTopic,
    Reminder,
    Rung,
    SpeakerBooking,
)
from outreach.queries import posts as post_pages
from outreach.queries.activities import programme_preview
from outreach.queries.answers import page as answer_page
from outreach.services import posts
from outreach.services.activities import move as moves
from outreach.services.activities import projected
from outreach.services.activities import publish as publishing
from outreach.services.activities.edit import edit_activity
from outreach.services.answers import answer as answering
from outreach.services.answers import decline as declining
from outreach.services.answers import evidence, undo
from outreach.services.answers import record as recording
from outreach.services.answers.answer import LinkAnswer, NothingToAnswer
from outreach.services.invitations import invite as inviting
from outreach.services.invitations.post_holders import HolderInvited
from outreach.services.ladder import climb
from outreach.services.ladder import edit as ladder_edit
from outreach.services.letters import facts
from outreach.services.materials import send as sending
from outreach.services.materials.send import GivenFile
from outreach.services.planning.book import SpeakerTaken
from outreach.services.planning.checks import PlanBlocked
from outreach.services.posts import HolderValues, PostValues
from outreach.services.privacy import person as privacy
from outreach.services.programmes import copy as copying
from outreach.services.records import NameTaken
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders import rules
from outreach.services.reminders import tick as reminding
from outreach.services.reminders.schedule import reschedule
from tests.support.copied import copied
from tests.world import (
    NOW,
    a_person,
    an_absence,
    an_organisation,
    answer,
    at,
    at_once,
    count,
    draft_activity,
    fresh,
    invite,
    minutes,
    move,
    publish,
    rows_of,
    set_severity,
    token_of,
)
from tests.world.letters.papers import paper
from tests.world.mails import drain
from tests.world.uploads import PDF

pytestmark = pytest.mark.usefixtures("any_app")

JANUARY, MAY = date(2027, 1, 1), date(2027, 5, 1)
DAY = date(2027, 1, 18)  # of the activity
GOES_ON = "Undangan beralih"


@pytest.fixture
def budi():
    return a_person("Budi Santoso", email="budi@example.com")


@pytest.fixture
def sari():
    return a_person("Sari Wulandari", email="sari@example.com")


@copied
def post(budi):
    """Kapolres Metro, held by Budi since 2026."""
    made = posts.add(PostValues("Kapolres Metro"), by=None, now=NOW)
    hold(made, budi, date(2026, 1, 1))
    return made


def hold(post, person, from_on, until_on=None, kind=HolderKind.DEFINITIVE, now=NOW):
    return posts.add_holder(post.id, HolderValues(person.id, kind, from_on, until_on), by=None, now=now)


def invite_post(activity, post, role=Role.SPEAKER, now=NOW):
    return inviting.invite_people([activity.id], [], role, post_ids=[post.id], by=None, now=now)


@pytest.fixture
def asked(server, activity, post):
    """The post is invited to speak, and Budi has had his mail."""
    invite_post(activity, post)
    publish(activity)
    work(NOW)
    server.taken.clear()
    return only()


def only() -> Invitation:
    db.session.rollback()
    [found] = rows_of(Invitation)
    return found


def work(now):
    reminding.tick(now)
    drain(now)


def taken(server):
    """Return (address, subject) of each mail since the last look."""
    found = [(one.recipient, str(one.mail["Subject"])) for one in server.taken]
    server.taken.clear()
    return found


def names_of(holders):
    return [(one.person.name, one.kind, one.from_on, one.until_on) for one in holders]


# Posts and holders


def test_a_posts_name_is_unique_within_its_organisation(post):
    police = an_organisation("Polres Metro")
    with pytest.raises(NameTaken):
        posts.add(PostValues("kapolres  METRO"), by=None, now=NOW)
    posts.add(PostValues("Kapolres Metro", organisation_id=police.id), by=None, now=NOW)


def test_two_definitive_holders_never_overlap_and_a_plh_may(post, sari):
    with pytest.raises(posts.HeldByAnother):
        hold(post, sari, MAY)
    hold(post, sari, MAY, MAY, HolderKind.DAILY_ACTING)
    assert [name for name, *_ in names_of(fresh(post).holders)] == ["Budi Santoso", "Sari Wulandari"]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (HolderValues(None, HolderKind.ACTING, MAY), posts.HolderNotChosen),
        (HolderValues(99999, HolderKind.ACTING, MAY), posts.HolderNotChosen),
        (HolderValues(1, HolderKind.ACTING, None), posts.FirstDayMissing),
        (HolderValues(1, HolderKind.ACTING, MAY, JANUARY), posts.EndsBeforeItBegins),
        (HolderValues(1, HolderKind.ACTING, date(9999, 1, 1)), posts.DayOutOfRange),
    ],
)
def test_wrong_entries_are_refused(post, budi, values, problem):
    if values.person_id == 1:
        values = HolderValues(budi.id, values.kind, values.from_on, values.until_on)
    with pytest.raises(problem):
        posts.add_holder(post.id, values, by=None, now=NOW)
    assert count(PostHolder) == 1


def test_a_post_is_handed_over_in_one_step(post, budi, sari):
    posts.hand_over(post.id, sari.id, MAY, by=None, now=NOW)
    assert names_of(fresh(post).holders) == [
        ("Budi Santoso", HolderKind.DEFINITIVE, date(2026, 1, 1), date(2027, 4, 30)),
        ("Sari Wulandari", HolderKind.DEFINITIVE, MAY, None),
    ]
    with pytest.raises(posts.HoldsAlready):
        posts.hand_over(post.id, sari.id, date(2027, 6, 1), by=None, now=NOW)
    with pytest.raises(posts.BeganThatDay):
        posts.hand_over(post.id, budi.id, MAY, by=None, now=NOW)
    with pytest.raises(posts.NobodyToFollow):
        posts.hand_over(post.id, sari.id, date(2025, 6, 1), by=None, now=NOW)


def test_of_two_handovers_at_once_the_second_is_refused(any_app, post, sari):
    rina = a_person("Rina Dewi", email="rina@example.com")
    post_id, both = post.id, [sari.id, rina.id]
    outcomes = at_once(any_app, [lambda id=id: posts.hand_over(post_id, id, MAY, by=None, now=NOW) for id in both])
    assert sorted(outcomes) == ["BeganThatDay", "done"]
    assert [(one.from_on, one.until_on) for one in fresh(post).holders] == [
        (date(2026, 1, 1), date(2027, 4, 30)),
        (MAY, None),
    ]


def test_an_invitation_made_while_the_post_changes_hands_goes_to_who_holds_it_afterwards(
    any_app, post, programme, sari
):
    for day in (11, 12, 13):
        activity, post_id, sari_id = draft_activity(programme, None, day).id, post.id, sari.id

        def ask(activity=activity, post_id=post_id):
            inviting.invite_people([activity], [], Role.PARTICIPANT, post_ids=[post_id], by=None, now=NOW)

        def take(post_id=post_id, sari_id=sari_id, on=date(2027, 1, day)):
            term = HolderValues(sari_id, HolderKind.DAILY_ACTING, on, on)
            posts.add_holder(post_id, term, by=None, now=NOW)

        db.session.rollback()
        assert at_once(any_app, [ask, take] if day % 2 else [take, ask]) == ["done", "done"]
        db.session.rollback()
    assert [one.person.name for one in rows_of(Invitation)] == ["Sari Wulandari"] * 3


def test_an_answer_given_while_the_post_changes_hands_does_not_bind_the_new_holder(
    any_app, asked, post, sari, budi, activity
):
    token, post_id, sari_id, activity_id = token_of(budi), post.id, sari.id, activity.id
    outcomes = at_once(
        any_app,
        [
            lambda: answering.answer(token, activity_id, Choice.COMING, now=at(5)),
            lambda: posts.hand_over(post_id, sari_id, date(2027, 1, 10), by=None, now=at(5)),
        ],
    )
    assert outcomes[1] == "done"
    assert outcomes[0] in ("done", NothingToAnswer.__name__)
    assert (only().person_id, only().state) == (sari_id, InvitationState.PREPARED)


def test_a_post_with_invitations_is_not_deleted(post, activity):
    invite_post(activity, post)
    with pytest.raises(posts.PostInUse):
        posts.delete(post.id, by=None, now=NOW)
    other = posts.add(PostValues("Dandim"), by=None, now=NOW)
    assert posts.delete(other.id, by=None, now=NOW) == "Dandim"


# Inviting


def test_the_holder_of_the_activitys_day_is_invited(post, activity, sari):
    hold(post, sari, DAY, DAY, HolderKind.DAILY_ACTING)
    invite_post(activity, post)
    assert (only().person.name, only().post_title) == ("Sari Wulandari", "Plh. Kapolres Metro")


def test_each_day_has_its_own_holder(post, activity, sari, programme, hall):
    later = draft_activity(programme, None, day=20)
    hold(post, sari, date(2027, 1, 20), date(2027, 1, 20), HolderKind.DAILY_ACTING)
    inviting.invite_people([activity.id, later.id], [], Role.SPEAKER, post_ids=[post.id], by=None, now=NOW)
    assert {one.activity_id: one.person.name for one in rows_of(Invitation)} == {
        activity.id: "Budi Santoso",
        later.id: "Sari Wulandari",
    }


def test_a_post_that_nobody_holds_that_day_is_not_invited(activity):
    empty = posts.add(PostValues("Kajari Metro"), by=None, now=NOW)
    with pytest.raises(NobodyHolds):
        invite_post(activity, empty)
    assert count(Invitation) == 0


def test_who_is_invited_by_name_already_stays_invited_by_name(post, activity, budi):
    invite(activity, budi, role=Role.SPEAKER)
    assert invite_post(activity, post).already == 1
    assert count(InvitedPost) == 0


def test_the_mail_addresses_the_holder_in_the_post(server, post, activity, sari):
    hold(post, sari, DAY, DAY, HolderKind.DAILY_ACTING)
    invite_post(activity, post)
    publish(activity)
    work(NOW)
    [mail] = server.taken
    assert "Bapak/Ibu Sari Wulandari, Plh. Kapolres Metro" in mail.mail.get_body(("plain",)).get_content()


def test_the_mail_names_the_posts_organisation_and_not_the_holders_own(server, activity):
    kecamatan = an_organisation("Kantor Kecamatan Metro Pusat")
    hendra = a_person("Hendra Wibowo", email="hendra@example.com", organisation=kecamatan)
    made = posts.add(PostValues("Kasat Binmas", an_organisation("Polres Metro").id), by=None, now=NOW)
    hold(made, hendra, DAY, DAY, HolderKind.DAILY_ACTING)
    invite_post(activity, made)
    publish(activity)
    work(NOW)
    [mail] = server.taken
    text = mail.mail.get_body(("plain",)).get_content()
    assert "Bapak/Ibu Hendra Wibowo, Plh. Kasat Binmas, Polres Metro" in text
    assert "Kecamatan" not in text


# The post changes hands


def test_the_invitation_goes_to_the_new_holder_and_both_are_told(server, asked, post, sari):
    followed = posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=at(5))
    assert [one.id for one in followed.moved] == [asked.id]
    work(at(5))
    invitation = only()
    assert (invitation.id, invitation.person.name, invitation.state) == (
        asked.id,
        "Sari Wulandari",
        InvitationState.INVITED,
    )
    [to_budi, to_sari] = sorted(server.taken, key=lambda one: one.recipient)
    assert to_budi.recipient == "budi@example.com"
    assert GOES_ON in str(to_budi.mail["Subject"])
    assert to_sari.recipient == "sari@example.com"
    assert "METHOD:CANCEL" in calendar_of(to_budi.mail)
    assert sequence_of(to_budi.mail) > 0
    assert token_of(sari) in to_sari.mail.get_body(("plain",)).get_content()


def calendar_of(mail):
    return next(part for part in mail.walk() if part.get_content_type() == "text/calendar").get_content()


def sequence_of(mail):
    [line] = [line for line in calendar_of(mail).splitlines() if line.startswith("SEQUENCE:")]
    return int(line.partition(":")[2])


def test_the_answer_of_the_former_holder_does_not_bind_and_stays_on_record(asked, post, sari, activity, budi):
    answer(activity, budi, Choice.COMING, now=at(5))
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=at(6))
    assert only().state is InvitationState.PREPARED
    [former] = rows_of(FormerHolder)
    assert (former.person_id, former.state, former.left_at) == (budi.id, InvitationState.COMING, at(6))


def test_the_former_holders_link_answers_and_undoes_nothing_any_more(asked, post, sari, activity, budi):
    answering.answer(token_of(budi), activity.id, Choice.COMING, now=at(5))
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=at(5))
    with pytest.raises(undo.NothingToUndo):
        undo.undo(token_of(budi), now=at(5))
    with pytest.raises(NothingToAnswer):
        answering.answer(token_of(budi), activity.id, Choice.NOT_COMING, now=at(6))
    assert only().state is InvitationState.PREPARED


def test_a_representative_whom_the_post_named_still_comes(server, asked, post, sari, activity, budi):
    rina = Representative("Kompol Rina Dewi", "Wakapolres", email="rina@example.com")
    answer(activity, budi, Choice.REPRESENTED, at(5), rina)
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=at(5))
    work(at(5))
    assert (only().state, only().representative_name) == (InvitationState.REPRESENTED, "Kompol Rina Dewi")
    found = dict(taken(server))
    assert set(found) == {"budi@example.com", "sari@example.com", "rina@example.com"}
    assert GOES_ON in found["budi@example.com"]


def test_what_the_representative_sent_stays_with_the_turn_and_what_the_former_holder_sent_does_not(
    asked, post, sari, activity, budi
):
    slides = GivenFile(PDF, "Kapolres.pdf")
    sending.send(token_of(budi), activity.id, slides, most_mb=40, now=at(5))
    answer(activity, budi, Choice.REPRESENTED, at(5), Representative("Kompol Rina Dewi", email="rina@example.com"))
    rinas = tokens.acting_token(only().acting.nonce)
    sending.send(rinas, activity.id, GivenFile(PDF, "Wakapolres.pdf"), most_mb=40, now=at(5))
    sending.propose(rinas, activity.id, "Lapor ke mana?", now=at(5))
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=at(6))
    db.session.rollback()
    assert [(one.file.name, one.person_id) for one in rows_of(Material)] == [
        ("Kapolres.pdf", budi.id),
        ("Wakapolres.pdf", sari.id),
    ]
    assert [one.person_id for one in rows_of(ProposedTopic)] == [sari.id]


def test_who_declined_hears_nothing_and_the_new_holder_is_asked(server, asked, post, sari, activity, budi):
    answer(activity, budi, Choice.NOT_COMING, now=at(5))
    work(at(5))
    server.taken.clear()
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=at(6))
    work(at(6))
    assert [address for address, _subject in taken(server)] == ["sari@example.com"]


def test_a_holder_whom_no_mail_had_told_hears_nothing(server, activity, post, sari):
    invite_post(activity, post)
    publish(activity, tick=False)
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=NOW)
    work(NOW)
    assert [address for address, _subject in taken(server)] == ["sari@example.com"]


def test_an_invitation_that_waits_in_the_outbox_is_not_sent_to_the_former_holder(server, activity, post, sari):
    invite_post(activity, post)
    publish(activity)
    reminding.tick(NOW)
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=NOW)
    work(NOW)
    assert [address for address, _subject in taken(server)] == ["sari@example.com"]
    reasons = set(db.session.scalars(sa.select(MessageLine.skipped).where(MessageLine.skipped != "")))
    assert reasons == {SkipReason.SAID_BY_ANOTHER_LINE.value, SkipReason.NEVER_TOLD.value}


def test_a_reminder_that_waits_in_the_outbox_is_not_sent_to_the_former_holder(server, asked, post, sari):
    rules.install_defaults(now=NOW)
    reschedule(db.session(), fresh(asked).activity, now=NOW)
    db.session.commit()
    due = db.session.scalars(sa.select(Reminder.due_at).where(Reminder.kind == MailKind.REMINDER)).first()
    reminding.tick(due)
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=due)
    work(due)
    assert GOES_ON in dict(taken(server))["budi@example.com"]
    reasons = set(db.session.scalars(sa.select(MessageLine.skipped).where(MessageLine.skipped != "")))
    assert reasons == {SkipReason.OTHER_HOLDER.value}


def test_a_plh_for_the_day_gets_it_and_when_that_is_undone_it_comes_back(server, asked, post, sari, budi):
    hold(post, sari, DAY, DAY, HolderKind.DAILY_ACTING, now=at(5))
    work(at(5))
    assert only().person_id == sari.id
    first = server.taken[:]
    server.taken.clear()
    [plh] = [one for one in fresh(post).holders if one.kind is HolderKind.DAILY_ACTING]
    posts.remove_holder(plh.id, by=None, now=at(6))
    work(at(6))
    assert only().person_id == budi.id
    subjects = dict(taken_of(server))
    assert GOES_ON in subjects["sari@example.com"]
    assert GOES_ON not in subjects["budi@example.com"]
    cancelled = next(one.mail for one in first if one.recipient == "budi@example.com")
    again = next(one.mail for one in server.taken if one.recipient == "budi@example.com")
    assert sequence_of(again) > sequence_of(cancelled)


def taken_of(server):
    return [(one.recipient, str(one.mail["Subject"])) for one in server.taken]


def test_nobody_hears_of_a_change_that_was_taken_back_before_any_mail_went_out(server, asked, post, sari, budi):
    hold(post, sari, DAY, DAY, HolderKind.DAILY_ACTING, now=at(5))
    [plh] = [one for one in fresh(post).holders if one.kind is HolderKind.DAILY_ACTING]
    posts.remove_holder(plh.id, by=None, now=at(5))
    work(at(5))
    assert [subject for _address, subject in taken(server) if GOES_ON in subject] == []
    assert only().person_id == budi.id


def test_an_answer_counts_again_when_a_change_is_taken_back_before_any_mail_went_out(
    server, asked, post, sari, budi, activity
):
    answer(activity, budi, Choice.COMING, now=at(5))
    hold(post, sari, date(2027, 1, 20), date(2027, 1, 20), HolderKind.DAILY_ACTING, now=at(5))
    move(fresh(activity), at(20, 8), at(20, 12), now=at(5))
    assert (only().person_id, only().state) == (sari.id, InvitationState.PREPARED)
    move(fresh(activity), at(18, 8), at(18, 12), now=at(5))
    assert (only().person_id, only().state) == (budi.id, InvitationState.COMING)
    assert count(FormerHolder) == 0
    work(at(5))
    assert taken(server) == []


def there_and_back(post, sari, now):
    """Sari holds the post on the activity's day, and before anybody hears of it, does not."""
    hold(post, sari, DAY, DAY, HolderKind.DAILY_ACTING, now=now)
    assert only().person_id == sari.id
    [plh] = [one for one in fresh(post).holders if one.kind is HolderKind.DAILY_ACTING]
    posts.remove_holder(plh.id, by=None, now=now)


def test_how_a_recorded_answer_came_is_given_back_with_it(asked, post, sari, budi, coordinator):
    recording.record_answer(
        asked.id, Choice.COMING, AnswerSource.PHONE, note="Ajudannya menelepon", by=coordinator, now=at(5)
    )
    there_and_back(post, sari, at(6))
    back = only()
    assert (back.person_id, back.state, back.answered_at) == (budi.id, InvitationState.COMING, at(5))
    assert (back.answer_source, back.answer_note) == (AnswerSource.PHONE, "Ajudannya menelepon")
    assert back.answer_recorded_by_id == coordinator.id


def test_why_somebody_declined_and_which_day_they_wish_is_given_back(asked, post, sari, activity, budi):
    token = token_of(budi)
    answering.answer_all(token, {activity.id: LinkAnswer(Choice.NOT_COMING)}, now=at(5), device="tablet")
    declining.explain(token, activity.id, "Dinas luar", date(2027, 1, 20), now=at(5))
    device = only().answer_device
    hold(post, sari, DAY, DAY, HolderKind.DAILY_ACTING, now=at(6))
    assert declining.of(db.session(), [asked.id]) == {}
    [plh] = [one for one in fresh(post).holders if one.kind is HolderKind.DAILY_ACTING]
    posts.remove_holder(plh.id, by=None, now=at(6))
    back = only()
    assert (back.state, back.answer_source, back.answer_device) == (
        InvitationState.NOT_COMING,
        AnswerSource.LINK,
        device,
    )
    [said] = declining.of(db.session(), [asked.id]).values()
    assert (said.reason, said.wished_on) == ("Dinas luar", date(2027, 1, 20))


def test_the_rungs_ahead_are_climbed_at_the_same_time_after_a_change_that_was_taken_back(
    asked, post, sari, coordinator
):
    after = RungTiming.AFTER_INVITATION
    rungs = (RungRule(RungKind.MAIL, after, 1), RungRule(RungKind.CALL, after, 6))
    ladder_edit.save(LadderName.SPEAKERS, rungs, by=coordinator, now=NOW)
    climb.tick(at(4, 9))
    climb.tick(at(6, 12))

    def ahead():
        return [(one.kind, one.due_at) for one in rows_of(Rung) if one.state is RungState.WAITING]

    before = ahead()
    assert [kind for kind, _due in before] == [RungKind.CALL]
    climbed = [(one.kind, one.state, one.done_at) for one in rows_of(Rung)]
    there_and_back(post, sari, at(6, 13))
    climb.tick(at(6, 14))
    assert ahead() == before
    assert [
        (one.kind, one.state, one.done_at) for one in rows_of(Rung)
    ] == climbed  # what was done is not called passed


def test_a_place_in_the_waiting_list_is_given_back_with_the_answer(asked, post, sari, budi, activity):
    fresh(activity).capacity = 1
    db.session.commit()
    mine = Invitation(activity_id=activity.id, person_id=budi.id, role=Role.PARTICIPANT)
    mine.as_post = InvitedPost(post_id=post.id, kind=HolderKind.DEFINITIVE)
    mine.state, mine.invited_at = InvitationState.WAITLISTED, NOW
    mine.answered_at = mine.waitlisted_at = at(5)
    others = [a_person(name) for name in ("Ani Wijaya", "Dewi Lestari")]
    db.session.add(mine)
    for person, state in zip(others, (InvitationState.COMING, InvitationState.WAITLISTED), strict=True):
        db.session.add(
            Invitation(
                activity_id=activity.id, person_id=person.id, role=Role.CADRE, state=state, answered_at=at(6),
                waitlisted_at=at(6) if state is InvitationState.WAITLISTED else None, invited_at=NOW,
            )
        )  # fmt: skip
    db.session.commit()
    hold(post, sari, DAY, DAY, HolderKind.DAILY_ACTING, now=at(7))
    [plh] = [one for one in fresh(post).holders if one.kind is HolderKind.DAILY_ACTING]
    posts.remove_holder(plh.id, by=None, now=at(7))
    back = fresh(mine)
    assert (back.person_id, back.state, back.waitlisted_at) == (budi.id, InvitationState.WAITLISTED, at(5))


def test_the_forecast_counts_the_mail_to_the_former_holder(asked, post, sari, activity):
    before = count(Message)
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=at(5))
    found = forecasting.for_activities([activity.id], now=at(5))
    assert [(row.kind, row.people) for row in found.rows] == [(MailKind.WITHDRAWAL, 1), (MailKind.INVITATION, 1)]
    db.session.rollback()
    reminding.tick(at(5))
    assert count(Message) - before == 2


def everything():
    """Return what the database holds about posts, invitations, reminders and links."""
    db.session.rollback()
    return [
        [tuple(row) for row in db.session.execute(sa.select(table.__table__).order_by(sa.text("1")))]
        for table in (PostHolder, Invitation, InvitedPost, FormerHolder, Reminder, Link, AuditEntry, SpeakerBooking)
    ]


def test_the_preview_of_handing_over_counts_the_mails_that_then_go_out_and_writes_nothing(
    server, asked, post, sari, programme
):
    second = draft_activity(programme, None, day=25)
    invite_post(second, post, Role.PARTICIPANT)
    publish(second)
    work(NOW)
    taken(server)
    draft = draft_activity(programme, None, day=27)
    invite_post(draft, post)
    before, post_id, sari_id = everything(), post.id, sari.id
    seen = posts.preview_handing_over(post_id, sari_id, date(2027, 1, 10), now=at(5))
    assert everything() == before
    assert [(one.former, one.new) for one in seen.goes] == [("Budi Santoso", "Sari Wulandari")] * 3
    assert [(row.kind, row.people) for row in seen.forecast.rows] == [
        (MailKind.WITHDRAWAL, 1),
        (MailKind.INVITATION, 1),
        (MailKind.WITHDRAWAL, 0),  # of the second one Budi has not heard yet: one mail a day
        (MailKind.INVITATION, 1),
    ]
    assert seen.forecast.mails_per_day == ((date(2027, 1, 5), 2),)
    followed = posts.hand_over(post_id, sari_id, date(2027, 1, 10), by=None, now=at(5))
    assert len(followed.moved) == 3
    work(at(5))
    assert sorted(address for address, _subject in taken(server)) == ["budi@example.com", "sari@example.com"]


def test_the_preview_of_a_holder_counts_only_the_new_one_among_waiting_invitations(
    activity, post, sari, programme, asked
):
    ani = a_person("Ani Wijaya", email="ani@example.com")
    invite(fresh(activity), ani)
    post_id, values = post.id, HolderValues(sari.id, HolderKind.DAILY_ACTING, DAY, DAY)
    seen = posts.preview_adding(post_id, values, now=NOW)
    assert {row.kind: row.people for row in seen.forecast.rows} == {MailKind.INVITATION: 1, MailKind.WITHDRAWAL: 1}


def test_the_preview_names_what_stays_and_who_is_to_be_called(asked, post, sari, activity, budi):
    invite(activity, sari, role=Role.SPEAKER)
    seen = posts.preview_handing_over(post.id, sari.id, date(2027, 1, 10), now=at(5))
    assert [(title, type(because)) for title, because in seen.stays] == [(activity.title, HolderInvited)]
    assert (seen.goes, seen.forecast.mails_per_day) == ((), ())
    rina = a_person("Rina Dewi", email="")
    seen = posts.preview_handing_over(post.id, rina.id, date(2027, 1, 10), now=at(5))
    assert (seen.to_call, seen.forecast.without_address) == (("Rina Dewi",), 1)


def test_the_former_holders_page_names_no_invitation_of_which_they_were_not_told(
    activity, post, sari, budi, programme, hall
):
    other = draft_activity(programme, hall, 25)
    invite(other, budi, role=Role.SPEAKER)
    publish(other)  # so that Budi has a link
    invite_post(activity, post)
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=NOW)
    assert answer_page.read(token_of(budi), now=NOW).went_on == ()


def test_a_posts_page_takes_as_many_queries_for_many_invitations(activity, post, programme, hall, statements):
    invite_post(activity, post)
    post_id, others = post.id, [draft_activity(programme, hall, day).id for day in (20, 21, 22)]

    def read() -> list[tuple[str, str]]:
        found = post_pages.page_of(post_id, now=NOW).invitations
        return [(one.invitation.activity.title, one.invitation.person.name) for one in found]

    few = len(statements(read))
    inviting.invite_people(others, [], Role.SPEAKER, post_ids=[post_id], by=None, now=NOW)
    assert len(statements(read)) == few
    assert len(read()) == 4


def test_a_move_to_a_day_with_another_holder_takes_the_invitation_there(server, asked, post, sari, activity):
    hold(post, sari, date(2027, 1, 20), date(2027, 1, 20), HolderKind.DAILY_ACTING)
    move(fresh(activity), at(20, 8), at(20, 12), now=at(5))
    assert only().person_id == sari.id
    work(at(5))
    subjects = dict(taken(server))
    assert GOES_ON in subjects["budi@example.com"]
    assert "Rabu, 20 Januari 2027" in subjects["sari@example.com"]


@copied
def plh(post, sari):
    """Sari holds the post on 20 January, for the day."""
    hold(post, sari, date(2027, 1, 20), date(2027, 1, 20), HolderKind.DAILY_ACTING)
    return sari


@pytest.fixture
def blocks():
    """The office refuses to have somebody in two places at once."""
    for kind in (ClashKind.SPEAKER_TWICE, ClashKind.INVITEE_TWICE):
        set_severity(kind, Severity.BLOCK)


def moved_to(activity, day) -> Move:
    return moves.move_to(activity, at(day, 8), at(day, 12), activity.venue_id, now=at(5))


def bookings_of(person):
    db.session.rollback()
    found = sa.select(SpeakerBooking.activity_id).where(SpeakerBooking.person_id == person.id)
    return sorted(db.session.scalars(found))


@pytest.mark.parametrize("role", [Role.SPEAKER, Role.PARTICIPANT])
def test_a_move_is_not_refused_because_the_former_holder_is_busy_on_the_new_day(
    post, plh, blocks, budi, activity, programme, role
):
    invite_post(activity, post, role)
    publish(activity)
    busy = draft_activity(programme, None, day=20)
    invite(busy, budi, role=Role.SPEAKER)
    to = moved_to(fresh(activity), 20)
    previewed = moves.preview(activity, to, activity.version, now=at(5))
    assert (previewed.refused, previewed.found.clashes) == (None, [])
    assert [(one.former.name, one.new.name) for one in previewed.passing] == [("Budi Santoso", "Sari Wulandari")]
    moves.move(activity.id, to, "alasan", None, by=None, now=at(5))
    assert only_of(activity).person_id == plh.id
    assert bookings_of(budi) == [busy.id]
    assert bookings_of(plh) == ([activity.id] if role is Role.SPEAKER else [])


def only_of(activity) -> Invitation:
    db.session.rollback()
    [found] = [one for one in rows_of(Invitation) if one.activity_id == activity.id]
    return found


def test_a_move_is_refused_while_the_holder_of_the_new_day_is_busy(post, plh, blocks, budi, activity, programme):
    invite_post(activity, post)
    publish(activity)
    invite(draft_activity(programme, None, day=20), plh, role=Role.SPEAKER)
    to = moved_to(fresh(activity), 20)
    previewed = moves.preview(activity, to, activity.version, now=at(5))
    assert isinstance(previewed.refused, SpeakerTaken)
    assert [(clash.kind, clash.party.name) for clash in previewed.found.blocking] == [
        (ClashKind.SPEAKER_TWICE, "Sari Wulandari")
    ]
    with pytest.raises(SpeakerTaken) as refused:
        moves.move(activity.id, to, "alasan", None, by=None, now=at(5))
    assert refused.value.values["person"] == "Sari Wulandari"
    assert (only_of(activity).person_id, fresh(activity).starts_at) == (budi.id, at(18, 8))


def test_an_absence_of_the_holder_of_the_new_day_counts_and_not_that_of_the_former(post, plh, budi, activity):
    set_severity(ClashKind.INVITEE_ABSENT, Severity.BLOCK)
    invite_post(activity, post, Role.PARTICIPANT)
    publish(activity)
    to = moved_to(fresh(activity), 20)
    an_absence(person_id=budi.id, starts_at=at(20), ends_at=at(21))
    assert not moves.preview(activity, to, activity.version, now=at(5)).blocked
    an_absence(person_id=plh.id, starts_at=at(20), ends_at=at(21))
    assert moves.preview(activity, to, activity.version, now=at(5)).blocked
    with pytest.raises(PlanBlocked):
        moves.move(activity.id, to, "alasan", None, by=None, now=at(5))
    assert only_of(activity).person_id == budi.id


def test_a_draft_is_edited_to_a_day_with_another_holder_while_the_former_is_busy(
    post, plh, blocks, budi, activity, programme
):
    invite_post(activity, post)
    invite(draft_activity(programme, None, day=20), budi, role=Role.SPEAKER)
    values = ActivityValues(**{field.name: getattr(activity, field.name) for field in fields(ActivityValues)})
    on_20 = replace(values, starts_at=at(20, 8), ends_at=at(20, 12), registration_at=None, respond_by_at=None)
    assert [one.party.name for one in projected.edited(activity.id, on_20, now=NOW).engagements] == ["Sari Wulandari"]
    edit_activity(activity.id, on_20, fresh(activity).version, by=None, now=NOW)
    assert only_of(activity).person_id == plh.id


def test_a_move_in_place_goes_through_though_an_invitation_stays_behind(post, sari, blocks, budi, activity, programme):
    invite_post(activity, post)
    invite(draft_activity(programme, None, day=18, starts_at=at(18, 8)), sari, role=Role.SPEAKER)
    hold(post, sari, DAY, DAY, HolderKind.DAILY_ACTING)
    move(fresh(activity), at(18, 9), at(18, 12), now=at(5))
    assert only_of(activity).person_id == budi.id


def mails_today(forecast):
    return {row.kind: row.people for row in forecast.rows if row.people and row.day == date(2027, 1, 5)}


def test_the_preview_of_a_move_counts_the_mails_to_both_holders(server, asked, post, plh, activity):
    others = a_person("Ani Wijaya", email="ani@example.com")
    invite(fresh(activity), others)
    work(NOW)
    taken(server)
    to = moved_to(fresh(activity), 20)
    previewed = moves.preview(activity, to, activity.version, now=at(5))
    assert mails_today(previewed.forecast) == {
        MailKind.WITHDRAWAL: 1, MailKind.CHANGE: 1, MailKind.INVITATION: 1
    }  # fmt: skip
    assert previewed.forecast.mails_per_day == ((date(2027, 1, 5), 3),)
    moves.move(activity.id, to, "alasan", None, by=None, now=at(5))
    work(at(5))
    assert sorted(address for address, _subject in taken(server)) == [
        "ani@example.com", "budi@example.com", "sari@example.com"
    ]  # fmt: skip


def test_the_preview_says_that_the_new_holder_hears_who_comes_for_the_post(server, asked, post, plh, activity, budi):
    rina = Representative("Kompol Rina Dewi", "Wakapolres", email="rina@example.com")
    answer(activity, budi, Choice.REPRESENTED, NOW, rina)
    work(NOW)
    taken(server)
    to = moved_to(fresh(activity), 20)
    previewed = moves.preview(activity, to, activity.version, now=at(5))
    assert mails_today(previewed.forecast) == {
        MailKind.WITHDRAWAL: 1,
        MailKind.CHANGE: 2,  # Sari reads of both in one mail
        MailKind.REPRESENTATION: 1,
    }
    assert previewed.forecast.mails_per_day == ((date(2027, 1, 5), 3),)
    moves.move(activity.id, to, "alasan", None, by=None, now=at(5))
    work(at(5))
    assert sorted(address for address, _subject in taken(server)) == [
        "budi@example.com", "rina@example.com", "sari@example.com"
    ]  # fmt: skip


def test_who_held_the_post_before_and_has_it_again_is_invited_and_not_told_of_the_move(
    server, asked, post, sari, budi, activity
):
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=NOW)
    hold(post, budi, date(2027, 1, 20), date(2027, 1, 20), HolderKind.DAILY_ACTING)
    work(NOW)
    work(at(5))
    taken(server)
    to = moved_to(fresh(activity), 20)
    previewed = moves.preview(activity, to, activity.version, now=at(5, 9))
    foreseen = mails_today(previewed.forecast)
    moves.move(activity.id, to, "alasan", None, by=None, now=at(5, 9))
    reminding.tick(at(5, 9))
    drain(at(5, 9))
    sent = sa.select(Reminder.kind, sa.func.count()).join(MessageLine).where(MessageLine.skipped == "")
    new = sent.where(Reminder.due_at == at(5, 9)).group_by(Reminder.kind)
    assert dict(map(tuple, db.session.execute(new))) == foreseen
    assert sorted(address for address, _subject in taken(server)) == ["budi@example.com", "sari@example.com"]


def test_a_move_back_before_anybody_heard_says_that_the_answer_counts_again(server, asked, post, plh, budi, activity):
    answer(activity, budi, Choice.COMING, now=at(5))
    moves.move(activity.id, moved_to(fresh(activity), 20), "alasan", None, by=None, now=at(5))
    back = moved_to(fresh(activity), 18)
    previewed = moves.preview(activity, back, activity.version, now=at(5))
    assert [(one.new.name, one.counts_again) for one in previewed.passing] == [("Budi Santoso", True)]
    assert mails_today(previewed.forecast) == {}


def test_a_new_date_counts_the_mails_to_both_holders(server, asked, post, plh, activity):
    publishing.postpone(activity.id, "alasan", fresh(activity).version, by=None, now=NOW)
    work(NOW)
    taken(server)
    to = moved_to(fresh(activity), 20)
    previewed = moves.preview(activity, to, activity.version, now=at(5))
    assert mails_today(previewed.forecast) == {MailKind.WITHDRAWAL: 1, MailKind.INVITATION: 1}
    moves.move(activity.id, to, "alasan", None, by=None, now=at(5))
    work(at(5))
    assert sorted(address for address, _subject in taken(server)) == ["budi@example.com", "sari@example.com"]


def test_of_a_move_and_a_handover_at_once_the_holder_of_the_new_day_is_invited(any_app, asked, post, sari, activity):
    post_id, sari_id, activity_id, to = post.id, sari.id, activity.id, moved_to(fresh(activity), 20)
    db.session.rollback()
    outcomes = at_once(
        any_app,
        [
            lambda: moves.move(activity_id, to, "alasan", None, by=None, now=at(5)),
            lambda: posts.hand_over(post_id, sari_id, date(2027, 1, 19), by=None, now=at(5)),
        ],
    )
    assert outcomes == ["done", "done"]
    assert (only().person_id, [one.person_id for one in rows_of(SpeakerBooking)]) == (sari_id, [sari_id])


def test_the_lines_of_the_agenda_go_with_the_post(asked, post, sari, activity, budi):
    turn = {"starts_at": activity.starts_at, "ends_at": activity.starts_at + minutes(30)}
    db.session.add(AgendaItem(activity_id=activity.id, topic="Materi", speakers=[budi], **turn))
    db.session.commit()
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=at(5))
    [item] = fresh(activity).agenda
    assert [speaker.name for speaker in item.speakers] == ["Sari Wulandari"]
    assert [booking.person_id for booking in rows_of(SpeakerBooking)] == [sari.id]


def test_a_holder_who_is_invited_already_leaves_it_where_it_is(asked, post, sari, activity, budi):
    invite(activity, sari, role=Role.SPEAKER)
    followed = posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=at(5))
    assert [(one.invitation.id, type(one.because)) for one in followed.staying] == [(asked.id, HolderInvited)]
    assert fresh(asked).person_id == budi.id
    assert [entry.subject_name for entry in rows_of(AuditEntry) if entry.action == "invitation.holder_kept"] == [
        "Kapolres Metro"
    ]


def test_a_clash_that_the_office_blocks_leaves_it_where_it_is(asked, post, sari, programme, budi):
    set_severity(ClashKind.SPEAKER_TWICE, Severity.BLOCK)
    other = draft_activity(programme, None, day=18)
    invite(other, sari, role=Role.SPEAKER)
    followed = posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=at(5))
    assert [type(one.because) for one in followed.staying] == [SpeakerTaken]
    assert fresh(asked).person_id == budi.id
    assert count(FormerHolder) == 0


def test_when_the_post_is_vacant_that_day_it_stays_with_who_had_it(asked, post, budi):
    [term] = fresh(post).holders
    followed = posts.edit_holder(
        term.id, HolderValues(budi.id, HolderKind.DEFINITIVE, term.from_on, date(2027, 1, 10)), by=None, now=at(5)
    )
    assert [type(one.because) for one in followed.staying] == [NobodyHolds]
    assert fresh(asked).person_id == budi.id


def test_what_is_over_stays_with_who_was_there(asked, post, sari, budi):
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=at(25))
    assert only().person_id == budi.id


def test_a_reminder_goes_to_the_new_holder_only(server, asked, post, sari):
    rules.install_defaults(now=NOW)
    reschedule(db.session(), fresh(asked).activity, now=NOW)
    db.session.commit()
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=at(5))
    work(at(5))
    server.taken.clear()
    for day in range(6, 18):
        work(at(day))
    assert {address for address, _subject in taken(server)} == {"sari@example.com"}


# Letters and copies


def test_a_letter_is_addressed_to_the_post_so_it_stays_right_when_the_holder_changes(post, activity, sari):
    police = an_organisation("Kepolisian Resor Metro")
    posts.edit(post.id, PostValues("Kapolres", police.id), by=None, now=NOW)
    invite_post(activity, post)
    letter = facts.facts_of(facts.invitations_of(db.session(), [only().id]))
    assert [one.lines for one in letter.addressees] == [("Kapolres", "Kepolisian Resor Metro")]
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=at(5))
    assert facts.facts_of(facts.invitations_of(db.session(), [only().id])).addressees == letter.addressees


def test_a_copied_programme_invites_who_holds_the_post_then(post, activity, programme, sari):
    invite_post(activity, post)
    posts.hand_over(post.id, sari.id, date(2027, 6, 1), by=None, now=NOW)
    copying.copy_programme(programme.id, date(2028, 1, 17), "Tahun berikut", by=None, now=NOW)
    db.session.rollback()
    old, new = sorted(rows_of(Invitation), key=lambda one: one.id)
    assert (old.person.name, new.person.name, new.post_title) == ("Budi Santoso", "Sari Wulandari", "Kapolres Metro")
    assert count(FormerHolder) == 0


def test_the_preview_of_a_copy_asks_whether_the_holder_of_the_new_day_is_free(post, activity, programme, sari, budi):
    invite_post(activity, post)
    posts.hand_over(post.id, sari.id, date(2027, 6, 1), by=None, now=NOW)
    there = {"starts_at": at(17).replace(year=2028), "ends_at": at(18).replace(year=2028)}
    an_absence(person_id=budi.id, **there)

    def absent():
        found = programme_preview.copy(fresh(programme), date(2028, 1, 17), by="", now=NOW).found
        return [clash.party.name for clash in found.clashes if clash.kind is ClashKind.SPEAKER_ABSENT]

    assert absent() == []
    an_absence(person_id=sari.id, **there)
    assert absent() == ["Sari Wulandari"]


# Erasing and exporting


@copied
def both_answered(asked, post, sari, coordinator):
    """Budi answered by a letter; the post went to Sari, who answered by another one."""
    for now, person, name in ((at(5), None, "budi.pdf"), (at(7), sari, "sari.pdf")):
        if person is not None:
            posts.hand_over(post.id, person.id, date(2027, 1, 10), by=None, now=at(6))
            work(at(6))
        recording.record_answer(
            asked.id, Choice.COMING, AnswerSource.LETTER, by=coordinator, now=now,
            shown_by=evidence.check(paper([name]), name),
        )  # fmt: skip
    return asked


def evidence_of(person):
    found = privacy.export(person.id, by=None, now=at(8))["answers_shown_by"]
    return [one["file"] for one in found]


def files_kept():
    db.session.rollback()
    return [one.file.name for one in rows_of(AnswerEvidence)]


def test_evidence_is_exported_for_the_holder_whose_answer_it_shows(both_answered, budi, sari):
    assert (evidence_of(budi), evidence_of(sari)) == (["budi.pdf"], ["sari.pdf"])


def test_erasing_a_former_holder_leaves_the_new_holders_evidence(both_answered, budi):
    privacy.erase(budi.id, by=None, now=at(8))
    assert files_kept() == ["sari.pdf"]


def test_erasing_the_present_holder_leaves_the_former_holders_evidence(both_answered, sari):
    privacy.erase(sari.id, by=None, now=at(8))
    assert files_kept() == ["budi.pdf"]
