"""Links for reading: made for a post until a day, opened, counted, ended; they last no longer than their maker's right."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import StaffRole
from outreach.extensions import db
from outreach.models import AuditEntry, ReadingLink, Region, SecurityEvent
from outreach.services.office import reading_links
from outreach.services.office.reading_links import ReaderUnnamed, ReadingDayOdd, ReadingLinkMissing, ReadingLinkOver
from outreach.services.office.staff import role_of
from tests.world import account, at

NOW, TODAY = at(4, 8), date(2027, 1, 4)


def opens(code: str, *, now=NOW) -> bool:
    db.session.expire_all()
    try:
        reading_links.opened(code, now=now)
    except ReadingLinkOver:
        return False
    return True


def test_a_link_is_for_a_named_post_and_for_a_year_at_most(any_app, office, coordinator):
    for post, until, refused in (
        (" \t", TODAY, ReaderUnnamed), ("Kepala Dinas", None, ReadingDayOdd),
        ("Kepala Dinas", TODAY - timedelta(days=1), ReadingDayOdd),
        ("Kepala Dinas", TODAY + timedelta(days=367), ReadingDayOdd),
    ):  # fmt: skip
        with pytest.raises(refused):
            reading_links.make(post, until, by=coordinator, now=NOW)
    for until in (TODAY, TODAY + timedelta(days=366)):
        made = reading_links.make(" Kepala  Dinas ", until, by=coordinator, now=NOW)
        assert (made.link.for_post, made.link.ends_on) == ("Kepala Dinas", until)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ReadingLink)) == 2


def test_the_address_is_stored_nowhere_and_the_log_says_who_made_and_ended_it(any_app, office, coordinator):
    made = reading_links.make("Kepala Dinas", TODAY, by=coordinator, now=NOW)
    link_id = made.link.id
    rows = [list(row) for table in db.metadata.sorted_tables for row in db.session.execute(sa.select(table))]
    assert made.code not in str(rows)
    reading_links.end(link_id, by=coordinator, now=NOW)
    reading_links.end(link_id, by=coordinator, now=NOW + timedelta(hours=1))  # changes nothing
    with pytest.raises(ReadingLinkMissing):
        reading_links.end(link_id + 1, by=coordinator, now=NOW)
    log = db.session.execute(
        sa.select(AuditEntry.action, AuditEntry.subject_name, AuditEntry.user_id).order_by(AuditEntry.id)
    ).all()
    assert log == [(f"reading_link.{verb}", "Kepala Dinas", coordinator.id) for verb in ("created", "ended")]
    events = db.session.scalars(sa.select(SecurityEvent.kind).order_by(SecurityEvent.id)).all()
    assert events == ["reading_link_made", "reading_link_ended"]
    assert db.session.get_one(ReadingLink, link_id).ended_at == NOW


def test_a_link_opens_until_its_last_day_is_over_or_it_is_ended(any_app, office, coordinator):
    made = reading_links.make("Kepala Dinas", date(2027, 1, 6), by=coordinator, now=NOW)
    assert not opens(made.code[:-1])
    assert [opens(made.code, now=at(day, 23)) for day in (4, 6, 7)] == [True, True, False]
    reading_links.end(made.link.id, by=coordinator, now=NOW)
    assert not opens(made.code)


@pytest.mark.parametrize("change", ["closed", "a day that is over", "an area", "viewer"])
def test_a_link_opens_only_as_long_as_its_maker_could_make_it(app, office, regions, change):
    maker, viewer = account(StaffRole.COORDINATOR, "Siti"), account(StaffRole.VIEWER, "Vera")
    made = reading_links.make("Kepala Dinas", TODAY, by=maker, now=NOW)
    assert opens(made.code)
    match change:
        case "closed":
            maker.active = False
        case "a day that is over":
            maker.access_until = TODAY - timedelta(days=1)
        case "an area":
            maker.area_only, maker.areas = True, [db.session.get_one(Region, "18.72.01")]
        case "viewer":
            maker.roles = list(viewer.roles)
            assert role_of(maker) is StaffRole.VIEWER
    db.session.commit()
    assert not opens(made.code)


def test_pages_within_half_an_hour_are_one_visit(any_app, office, coordinator):
    made = reading_links.make("Kepala Dinas", TODAY, by=coordinator, now=NOW)
    found = []
    for minutes in (0, 0.5, 29, 58, 89):
        link = reading_links.opened(made.code, now=NOW)
        reading_links.note_opening(link, now=NOW + timedelta(minutes=minutes))
        db.session.rollback()
        db.session.expire_all()
        link = db.session.get_one(ReadingLink, made.link.id)
        found.append((link.visits, (link.opened_at - NOW) / timedelta(minutes=1)))
    assert found == [(1, 0), (1, 0), (1, 29), (1, 58), (2, 89)]
