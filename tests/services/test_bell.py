"""The bell: what is news for a coordinator, who has seen it, and clashes that were not there before."""

from dataclasses import replace
from datetime import date, timedelta

import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.bell import NewsKind
from outreach.domain.kinds import AnswerSource, HolderKind, Role
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Activity, AddressFailure, BellSeen, Invitation, Message, NoticedClash
from outreach.queries import bell as news
from outreach.queries import posts as posts_pages
from outreach.services import bell, posts
from outreach.services.activities import delete as deleting
from outreach.services.activities import publish as publishing
from outreach.services.answers import acting
from outreach.services.answers import record as recording
from outreach.services.answers.nominees import Nominee
from outreach.services.invitations import invite as inviting
from outreach.services.posts import HolderValues, PostValues
from tests.support.copied import copied
from tests.world import NOW, a_person, answer, draft_activity, invitation_of, invite, publish

LATER = NOW + timedelta(hours=1)


@copied
def three_invited(activity, chief, ani, police, coordinator):
    """The chief speaks, Ani is invited, the police have two seats; all have been told."""
    invite(activity, chief, role=Role.SPEAKER)
    invite(activity, ani)
    inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    publish(activity)
    return activity


def heard(now=LATER):
    return [
        (piece_of_news.kind, piece_of_news.name, piece_of_news.other) for piece_of_news in news.current(now=now).news
    ]


def unseen(user, now=LATER):
    return [piece_of_news.kind for piece_of_news in news.current(now=now).unseen(user.id)]


def test_a_speakers_refusal_is_news_and_a_cadres_is_not(any_app, three_invited, chief, ani):
    assert heard() == []
    answer(three_invited, ani, Choice.NOT_COMING)
    assert heard() == []
    answer(three_invited, chief, Choice.NOT_COMING)
    assert heard() == [(NewsKind.REFUSAL, "Kapolres Metro", "")]
    answer(three_invited, chief, Choice.COMING, LATER)
    assert heard() == []


def test_a_representative_of_a_speaker_is_news(any_app, three_invited, chief):
    answer(three_invited, chief, Choice.REPRESENTED, NOW, Representative("Budi Hartono", "Wakapolres"))
    assert heard() == [(NewsKind.SWAP, "Kapolres Metro", "Budi Hartono")]


def test_a_representative_of_a_speaker_who_cannot_come_is_news_until_they_answer_again(any_app, three_invited, chief):
    answer(three_invited, chief, Choice.REPRESENTED, NOW, Representative("Budi Hartono", "Wakapolres"))
    acts = next(one.acting for one in db.session.query(Invitation) if one.acting is not None)
    acting.answer(tokens.acting_token(acts.nonce), three_invited.id, Choice.NOT_COMING, now=NOW)
    assert heard() == [(NewsKind.OPEN_AGAIN, "Kapolres Metro", "Budi Hartono")]
    answer(three_invited, chief, Choice.COMING, LATER)
    assert heard() == []


def test_an_organisations_changed_list_of_people_is_news_and_its_first_list_is_not(
    any_app, three_invited, police, coordinator
):
    host = next(invitation for invitation in db.session.query(Invitation) if invitation.organisation_id == police.id)
    recording.nominate_for(host.id, [Nominee("Zainal Abidin"), Nominee("Rina Pratiwi")], by=None, now=NOW)
    assert heard() == []
    recording.nominate_for(host.id, [Nominee("Zainal Abidin"), Nominee("Wati Utami")], by=None, now=LATER)
    assert heard() == [(NewsKind.NAMES, "Polres Metro", "")]


def test_news_of_a_past_activity_or_older_than_thirty_days_is_gone(any_app, three_invited, chief):
    answer(three_invited, chief, Choice.NOT_COMING)
    assert len(heard(three_invited.ends_at - timedelta(seconds=1))) == 1
    assert heard(three_invited.ends_at) == []
    far = draft_activity(
        None,
        None,
        30,
        starts_at=three_invited.starts_at + timedelta(days=60),
        ends_at=three_invited.ends_at + timedelta(days=60),
    )
    invite(far, chief, role=Role.SPEAKER)
    publish(far)
    answer(far, chief, Choice.NOT_COMING)
    assert len(heard(NOW + timedelta(days=30))) == 1
    assert heard(NOW + timedelta(days=30, seconds=1)) == []


def test_failed_mails_and_blocked_addresses_are_news_by_day(any_app, three_invited, ani):
    for number in range(3):
        db.session.add(
            Message(
                person_id=ani.id, kind="reminder", local_day=NOW.date(), due_at=NOW + timedelta(minutes=number),
                expires_at=LATER, state=MessageState.FAILED,
            )
        )  # fmt: skip
    db.session.add(AddressFailure(address="ani@example.com", blocked_at=NOW, last_at=NOW, delays=0, reply=""))
    db.session.commit()
    found = {piece_of_news.kind: piece_of_news.count for piece_of_news in news.current(now=LATER).news}
    assert found == {NewsKind.MAILS_FAILED: 3, NewsKind.ADDRESSES: 1}


def test_news_is_seen_by_each_account_separately_and_a_changed_answer_is_new_again(
    any_app, three_invited, chief, coordinator, administrator
):
    answer(three_invited, chief, Choice.NOT_COMING)
    assert (unseen(coordinator), unseen(administrator)) == ([NewsKind.REFUSAL], [NewsKind.REFUSAL])
    keys = [piece_of_news.key for piece_of_news in news.current(now=LATER).news]
    bell.see(keys, by=coordinator, now=LATER)
    bell.see(keys, by=coordinator, now=LATER)
    assert (unseen(coordinator), unseen(administrator)) == ([], [NewsKind.REFUSAL])
    answer(three_invited, chief, Choice.COMING, LATER)
    answer(three_invited, chief, Choice.NOT_COMING, LATER + timedelta(minutes=1))
    assert unseen(coordinator, LATER + timedelta(hours=1)) == [NewsKind.REFUSAL]


def test_an_answer_is_no_news_to_the_person_who_recorded_it(any_app, three_invited, chief, coordinator, administrator):
    invitation = invitation_of(three_invited, chief)
    recording.record_answer(invitation.id, Choice.NOT_COMING, AnswerSource.PHONE, by=coordinator, now=NOW)
    assert (unseen(coordinator), unseen(administrator)) == ([], [NewsKind.REFUSAL])


def test_a_new_clash_is_news_once_and_clashes_from_before_the_first_check_are_not(any_app, three_invited, ani):
    """Ani is invited to a published activity. Drafts at the same time want her, too."""
    invite(draft_activity(None, None, 18, title="Sudah lama bentrok"), ani)
    assert bell.notice_clashes(now=NOW) == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(NoticedClash)) > 0
    assert NewsKind.CLASH not in [kind for kind, *_ in heard()]
    new = draft_activity(None, None, 18, title="Baru bentrok")
    invite(new, ani)
    assert bell.notice_clashes(now=LATER) > 0
    found = [piece_of_news for piece_of_news in news.current(now=LATER).news if piece_of_news.kind is NewsKind.CLASH]
    assert {"Baru bentrok"} <= {piece_of_news.about for piece_of_news in found} | {
        piece_of_news.other for piece_of_news in found
    }
    assert bell.notice_clashes(now=LATER + timedelta(minutes=10)) == 0
    deleting.delete_draft(new.id, by=None, now=LATER)
    bell.notice_clashes(now=LATER + timedelta(minutes=20))
    assert [
        piece_of_news
        for piece_of_news in news.current(now=LATER + timedelta(hours=1)).news
        if piece_of_news.kind is NewsKind.CLASH
    ] == []


def test_marks_of_news_seen_long_ago_are_deleted(any_app, three_invited, coordinator):
    bell.see(["refusal:1:1"], by=coordinator, now=NOW)
    bell.notice_clashes(now=NOW + timedelta(days=60))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(BellSeen)) == 1
    bell.notice_clashes(now=NOW + timedelta(days=60, seconds=1))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(BellSeen)) == 0


def test_the_bell_takes_the_same_number_of_statements_for_any_number_of_news(any_app, three_invited, queries):
    activity_id = three_invited.id

    def refuse(count):
        activity = db.session.get_one(Activity, activity_id)
        for number in range(count):
            speaker = a_person(f"Narasumber {number}")
            invite(activity, speaker, role=Role.SPEAKER)
            answer(activity, speaker, Choice.NOT_COMING)

    def read():
        return news.current(now=LATER)

    refuse(1)
    few = queries(read)
    refuse(9)
    assert (len(read().news), queries(read)) == (10, few)


def test_a_cancelled_activity_needs_no_speaker(any_app, three_invited, chief):
    answer(three_invited, chief, Choice.NOT_COMING)
    publishing.cancel(three_invited.id, "Ditunda", by=None, now=LATER)
    assert heard() == []


def test_a_refusal_stays_news_while_the_activity_is_postponed(any_app, three_invited, chief, coordinator):
    answer(three_invited, chief, Choice.NOT_COMING)
    publishing.postpone(three_invited.id, "Aula banjir", by=coordinator, now=LATER)
    assert heard(LATER) == [(NewsKind.REFUSAL, "Kapolres Metro", "")]
    assert heard(three_invited.ends_at + timedelta(days=1)) == [(NewsKind.REFUSAL, "Kapolres Metro", "")]


def test_an_invitation_to_a_post_that_goes_to_another_holder_or_could_not_is_news(any_app, activity, ani, budi):
    post = posts.add(PostValues("Kapolres Metro"), by=None, now=NOW)
    posts.add_holder(post.id, HolderValues(ani.id, HolderKind.DEFINITIVE, date(2026, 1, 1)), by=None, now=NOW)
    inviting.invite_people([activity.id], [], Role.PARTICIPANT, post_ids=[post.id], by=None, now=NOW)
    invite(activity, budi, role=Role.PARTICIPANT)
    publish(activity)
    plh = HolderValues(budi.id, HolderKind.DAILY_ACTING, date(2027, 1, 18), date(2027, 1, 18))
    posts.add_holder(post.id, plh, by=None, now=NOW)
    assert heard() == [(NewsKind.LEFT_BEHIND, "Kapolres Metro", "Ani Wijaya")]
    sari = a_person("Sari Wulandari")
    [entry] = [one for one in posts_pages.one(post.id).holders if one.person_id == budi.id]
    posts.edit_holder(entry.id, replace(plh, person_id=sari.id), by=None, now=LATER)
    assert heard() == [(NewsKind.OTHER_HOLDER, "Kapolres Metro", "Sari Wulandari")]
