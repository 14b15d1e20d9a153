"""Calendar feeds: their contents, their wording, and a stable fingerprint."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.delivery.mail import ical_event
from outreach.delivery.mail.ical_feed import feed_url
from outreach.domain.activities.values import Move
from outreach.domain.kinds import FeedScope, LinkPurpose
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, AgendaItem, AuditEntry, Feed, Invitation, Person, Programme, Venue
from outreach.queries import feeds as feed_pages
from outreach.queries.feeds import FeedUnknown
from outreach.services import feeds
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.feeds import FeedNameMissing, FeedSubjectMissing
from outreach.services.privacy import person as privacy
from tests.support.calendar_readers import READERS, reader
from tests.world import NOW, at, draft_activity, invite, publish

MAKASSAR = ZoneInfo("Asia/Makassar")


def feed_token_of(feed: Feed) -> str:
    return feed_url(feed).rpartition("/")[2].removesuffix(".ics")


def everything(now: datetime = NOW) -> feed_pages.FeedContent:
    return feed_pages.content(feeds.make(FeedScope.EVERYTHING, None, "HP Kepala Bidang", by=None, now=now), now=now)


def titles(content: feed_pages.FeedContent) -> list[tuple[str, str]]:
    return [(entry.activity.title, entry.status.value) for entry in content.entries]


def mark_notified(person_id: int, state: InvitationState = InvitationState.INVITED) -> Invitation:
    invitation = db.session.scalars(sa.select(Invitation).where(Invitation.person_id == person_id)).one()
    invitation.state, invitation.invited_at = state, NOW
    db.session.commit()
    return invitation


def test_only_the_feed_of_everything_has_drafts_and_marks_them_tentative(any_app, programme, hall, published):
    draft_activity(programme, hall, 19, title="Masih rancangan")
    assert titles(everything()) == [
        ("Rapat koordinasi pencegahan kekerasan", "CONFIRMED"),
        ("Masih rancangan", "TENTATIVE"),
    ]
    for scope, subject in ((FeedScope.PROGRAMME, programme.id), (FeedScope.VENUE, hall.id)):
        feed = feeds.make(scope, subject, "Dinding kantor", by=None, now=NOW)
        assert titles(feed_pages.content(feed, now=NOW)) == [("Rapat koordinasi pencegahan kekerasan", "CONFIRMED")]


def test_a_cancelled_activity_is_marked_as_cancelled_if_it_was_ever_announced(any_app, programme, hall, published):
    draft_activity(programme, hall, 19, title="Nobody heard of it", state=ActivityState.CANCELLED)
    publishing.cancel(published.id, "Ditunda", by=None, now=NOW)
    content = everything()
    assert titles(content) == [("Rapat koordinasi pencegahan kekerasan", "CANCELLED")]
    (event,) = icalendar.Calendar.from_ical(content.ics(now=NOW)).walk("VEVENT")
    assert (event["STATUS"], event["SEQUENCE"], event["TRANSP"]) == ("CANCELLED", 1, "TRANSPARENT")


def test_a_postponed_activity_is_marked_as_cancelled_until_it_has_its_new_date(any_app, published):
    publishing.postpone(published.id, "Banjir", by=None, now=NOW)
    content = everything()
    assert titles(content) == [("Rapat koordinasi pencegahan kekerasan", "CANCELLED")]
    to = Move(at(19, 8), at(19, 12), published.zone, published.venue_id)
    moves.move(published.id, to, "", None, by=None, now=NOW)
    assert titles(everything()) == [("Rapat koordinasi pencegahan kekerasan", "CONFIRMED")]
    (event,) = icalendar.Calendar.from_ical(everything().ics(now=NOW)).walk("VEVENT")
    assert (event["STATUS"], event["SEQUENCE"]) == ("CONFIRMED", 2)


@pytest.mark.parametrize(("ends", "kept"), [(timedelta(days=90), True), (timedelta(days=92), False)])
def test_past_activities_stay_for_ninety_days(any_app, programme, hall, published, ends, kept):
    later = published.ends_at + ends
    assert bool(everything(later).entries) is kept


def test_a_persons_feed_has_what_they_were_notified_of_and_have_not_declined(any_app, published, ani):
    feed = feeds.make(FeedScope.PERSON, ani.id, "HP sendiri", by=None, now=NOW)
    assert titles(feed_pages.content(feed, now=NOW)) == []  # prepared, and not written to yet
    for state, expected in (
        (InvitationState.INVITED, ["CONFIRMED"]),
        (InvitationState.COMING, ["CONFIRMED"]),
        (InvitationState.WAITLISTED, ["TENTATIVE"]),
        (InvitationState.REPRESENTED, []),
        (InvitationState.NOT_COMING, []),
        (InvitationState.WITHDRAWN, []),
    ):
        mark_notified(ani.id, state)
        assert [status for _title, status in titles(feed_pages.content(feed, now=NOW))] == expected, state


def test_an_entry_equals_that_of_the_invitation_mail(any_app, published, ani):
    """The UID and SEQUENCE are the same: a calendar with both shows one entry, and neither outranks the other."""
    invitation = mark_notified(ani.id)
    invitation.revision = 3
    db.session.commit()
    feed = feeds.make(FeedScope.PERSON, ani.id, "HP sendiri", by=None, now=NOW)
    (ours,) = icalendar.Calendar.from_ical(feed_pages.content(feed, now=NOW).ics(now=NOW)).walk("VEVENT")
    mail = ical_event.ics_for(
        published, ical_event.Method.REQUEST, url="", now=NOW, organiser="DP3AP2KB Kota Metro", revision=3
    )
    (theirs,) = icalendar.Calendar.from_ical(mail).walk("VEVENT")
    same = ("UID", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "STATUS", "ORGANIZER")
    assert {name: ours[name].to_ical() if hasattr(ours[name], "to_ical") else ours[name] for name in same} == {
        name: theirs[name].to_ical() if hasattr(theirs[name], "to_ical") else theirs[name] for name in same
    }
    assert ours["TRANSP"] == "OPAQUE"
    assert "ATTENDEE" not in ours


def described(content: feed_pages.FeedContent) -> list[str]:
    return [
        str(event.get("DESCRIPTION", "")) for event in icalendar.Calendar.from_ical(content.ics(now=NOW)).walk("VEVENT")
    ]


def test_an_entry_says_what_the_entry_in_the_mail_says(any_app, published, ani, office):
    published.registration_at, published.things_to_bring = at(18, 7, 30), "KTP"
    office.contact_name, office.contact_phone = "Bidang PPA", "+6281234567890"
    item = AgendaItem(activity_id=published.id, starts_at=at(18, 9), ends_at=at(18, 10), topic="Kasus", speakers=[ani])
    db.session.add(item)
    mark_notified(ani.id)
    common = "Registrasi: 07.30 WIB\nHarap membawa: KTP\nPertanyaan: Bidang PPA, 0812-3456-7890"
    everybody = everything()
    assert described(everybody) == [common]
    own = feed_pages.content(feeds.make(FeedScope.PERSON, ani.id, "HP sendiri", by=None, now=NOW), now=NOW)
    notes = ical_event.notes_of(published, office, ani.id)
    assert described(own) == ["\n".join(notes)]
    assert described(own)[0].endswith(common)
    assert "09.00–10.00" in notes[0]
    published.things_to_bring = ""
    db.session.commit()
    assert everything().digest != everybody.digest


def test_titles_are_neutral_wherever_the_calendar_is_read(any_app, programme, published):
    feed = feeds.make(FeedScope.PROGRAMME, programme.id, "Dinding", by=None, now=NOW)
    data = feed_pages.content(feed, now=NOW).ics(now=NOW).decode() + everything().ics(now=NOW).decode()
    assert "SUMMARY:Rapat koordinasi lintas sektor" in data
    assert "kekerasan" not in data
    assert "perlindungan" not in data
    assert "X-WR-CALNAME:DP3AP2KB Kota Metro – Rangkaian kegiatan Januari" in data.replace("\r\n ", "")


def test_a_programme_without_a_public_title_is_not_named(any_app, programme, published):
    programme.public_title = ""
    db.session.commit()
    feed = feeds.make(FeedScope.PROGRAMME, programme.id, "Dinding", by=None, now=NOW)
    assert feed_pages.content(feed, now=NOW).title == "DP3AP2KB Kota Metro"


def test_the_fingerprint_stays_the_same_while_nothing_changes(any_app, published, hall):
    """DTSTAMP differs each time, and with it the file; its content, and therefore its fingerprint, does not."""
    first, later = everything(NOW), everything(NOW + timedelta(hours=5))
    assert first.digest == later.digest
    assert first.ics(now=NOW) != later.ics(now=NOW + timedelta(hours=5))
    for change in (
        lambda: setattr(hall, "name", "Aula Baru"),
        lambda: setattr(published, "starts_at", at(18, 9)),
        lambda: setattr(published, "public_title", "Rapat lain"),
    ):
        change()
        db.session.commit()
        changed = everything()
        assert changed.digest != first.digest
        first = changed


def test_the_last_change_is_not_dated_too_early(any_app, published, ani, coordinator):
    feed = feeds.make(FeedScope.PERSON, ani.id, "HP sendiri", by=None, now=NOW)
    midday = NOW + timedelta(days=3)
    assert feed_pages.content(feed, now=midday).changed_at == midday.replace(hour=0)
    moved_at = midday + timedelta(hours=2)
    place = Move(at(19, 8), at(19, 12), published.zone, published.venue_id)
    moves.move(published.id, place, "Aula dipakai", None, by=coordinator, now=moved_at)
    assert feed_pages.content(feed, now=moved_at + timedelta(hours=1)).changed_at == moved_at
    answered_at = moved_at + timedelta(minutes=30)
    mark_notified(ani.id, InvitationState.COMING).answered_at = answered_at
    db.session.commit()
    assert feed_pages.content(feed, now=moved_at + timedelta(hours=1)).changed_at == answered_at


def test_an_address_works_until_it_is_renewed_or_revoked(any_app, coordinator):
    feed = feeds.make(FeedScope.EVERYTHING, None, " HP Kepala Bidang ", by=coordinator, now=NOW)
    first = feed_token_of(feed)
    assert feed_pages.open_feed(first).name == "HP Kepala Bidang"
    feeds.renew(feed.id, by=coordinator, now=NOW)
    second = feed_token_of(feed)
    with pytest.raises(FeedUnknown):
        feed_pages.open_feed(first)
    assert feed_pages.open_feed(second).id == feed.id
    feeds.revoke(feed.id, by=coordinator, now=NOW)
    with pytest.raises(FeedUnknown):
        feed_pages.open_feed(second)
    feeds.renew(feed.id, by=coordinator, now=NOW)
    assert feed_pages.open_feed(feed_token_of(feed)).id == feed.id
    actions = db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["feed.created", "feed.renewed", "feed.revoked", "feed.renewed"]


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: "x" + token[1:],
        lambda token: token[:20],
    ],
)
def test_a_forged_address_opens_nothing(app, change):
    feed = feeds.make(FeedScope.EVERYTHING, None, "HP", by=None, now=NOW)
    with pytest.raises(FeedUnknown):
        feed_pages.open_feed(change(feed_token_of(feed)))


def test_an_answer_links_token_opens_no_feed_and_a_feeds_token_no_answer_page(app):
    feed = feeds.make(FeedScope.EVERYTHING, None, "HP", by=None, now=NOW)
    as_answer = tokens.tokens_by_nonce(LinkPurpose.ANSWER)(feed.nonce)
    with pytest.raises(FeedUnknown):
        feed_pages.open_feed(as_answer)
    assert tokens.nonce_of(feed_token_of(feed), LinkPurpose.ANSWER) is None


def test_a_feed_needs_a_name_and_a_scope(any_app, hall):
    with pytest.raises(FeedNameMissing):
        feeds.make(FeedScope.VENUE, hall.id, "  ", by=None, now=NOW)
    with pytest.raises(FeedSubjectMissing) as raised:
        feeds.make(FeedScope.VENUE, None, "Dinding", by=None, now=NOW)
    assert raised.value.field == "venue_id"
    with pytest.raises(FeedSubjectMissing):
        feeds.make(FeedScope.PERSON, 999, "HP", by=None, now=NOW)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Feed)) == 0


def test_erasing_a_person_deletes_their_feed(any_app, ani, coordinator):
    feed = feeds.make(FeedScope.PERSON, ani.id, "HP sendiri", by=coordinator, now=NOW)
    token = feed_token_of(feed)
    (held,) = privacy.export(ani.id, by=coordinator, now=NOW)["calendar_addresses"]
    assert (held["name"], held["scope"]) == ("HP sendiri", "person")
    assert feed.nonce not in str(held)
    privacy.erase(ani.id, by=coordinator, now=NOW)
    with pytest.raises(FeedUnknown):
        feed_pages.open_feed(token)


def test_a_feed_takes_a_fixed_number_of_queries(any_app, programme, hall, published, queries):
    feed = feeds.make(FeedScope.EVERYTHING, None, "HP", by=None, now=NOW)
    token = feed_token_of(feed)

    def ask() -> None:
        feed_pages.content(feed_pages.open_feed(token), now=NOW).ics(now=NOW)

    few = queries(ask)
    for day in range(19, 25):
        draft_activity(None, hall, day)
    assert queries(ask) == few


def test_a_person_s_feed_takes_a_fixed_number_of_queries(any_app, programme, hall, published, ani, queries):
    mark_notified(ani.id)
    feed = feeds.make(FeedScope.PERSON, ani.id, "HP sendiri", by=None, now=NOW)
    token = feed_token_of(feed)

    ani_id, programme_id = ani.id, programme.id

    def speaks(meeting: Activity) -> None:
        ani = db.session.get(Person, ani_id)
        db.session.add(
            AgendaItem(
                activity_id=meeting.id, starts_at=meeting.starts_at, ends_at=meeting.ends_at, topic="x", speakers=[ani]
            )
        )
        db.session.commit()

    def ask() -> None:
        feed_pages.content(feed_pages.open_feed(token), now=NOW).ics(now=NOW)

    speaks(published)
    few = queries(ask)
    for day in range(18, 22):
        other_activity = draft_activity(db.session.get(Programme, programme_id), None, day)
        invite(other_activity, db.session.get(Person, ani_id))
        publish(other_activity, tick=False)
        speaks(other_activity)
    db.session.execute(sa.update(Invitation).values(state=InvitationState.INVITED, invited_at=NOW))
    db.session.commit()
    assert queries(ask) == few
    assert len(feed_pages.content(feed_pages.open_feed(token), now=NOW).entries) == 5


@pytest.mark.parametrize("name", READERS)
def test_real_calendar_libraries_read_it(app, programme, hall, published, name):
    makassar = Venue(name="Balai; “Kota”, Makassar", address="Jl. Jenderal, 1", latitude=-5.14, longitude=119.43)
    draft_activity(None, makassar, 20, public_title="Rapat, lintas; sektor " + "panjang " * 15, zone=MAKASSAR)
    cancelled = draft_activity(None, None, 21, public_title="Batal", state=ActivityState.PUBLISHED, published_at=NOW)
    publishing.cancel(cancelled.id, "Ditunda", by=None, now=NOW)
    content = everything()
    data = content.ics(now=NOW)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    expected = {
        entry.activity.uid: (
            entry.activity.starts_at.astimezone(UTC),
            entry.activity.ends_at.astimezone(UTC),
            entry.activity.neutral_title.strip(),
            entry.status.value,
            entry.activity.sequence,
            f"{entry.activity.venue.name}, {entry.activity.venue.address}"
            if entry.activity.venue
            else "akan diberitahukan",
        )
        for entry in content.entries
    }
    seen = {uid: (*values[:2], values[2].strip(), *values[3:]) for uid, values in reader(name)(data).items()}
    assert seen == expected
    assert len(seen) == 3


def test_a_feed_states_its_refresh_interval_and_includes_its_zones(app, programme, hall, published):
    draft_activity(None, None, 20, zone=MAKASSAR)
    read = icalendar.Calendar.from_ical(everything().ics(now=NOW))
    assert read["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    assert read["METHOD"] == "PUBLISH"
    assert sorted(zone["TZID"] for zone in read.walk("VTIMEZONE")) == ["Asia/Jakarta", "Asia/Makassar"]
