"""Every list as a spreadsheet: content, filters, roles; no text is a formula; each download is in the audit log."""

import csv
import io
import re
import threading
import zipfile
from datetime import datetime
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from outreach.delivery import spreadsheets, tokens
from outreach.delivery.spreadsheets import ListColumn
from outreach.delivery.words.labels import LIST_LABELS
from outreach.domain.answers import Choice
from outreach.domain.door.scans import ScanHow, ScanOutcome
from outreach.domain.kinds import AttendanceSource, FeedScope, IncomingKind, ListName, Role
from outreach.domain.planning import absences as absence_rules
from outreach.domain.planning.parties import AbsenceSource
from outreach.extensions import db
from outreach.models import AgendaItem, AuditEntry, Device, Feed, Invitation, PeopleGroup, Scan, User, WalkIn
from outreach.services import feeds
from outreach.services.absences import edit as absences
from outreach.services.absences.edit import Subject, SubjectKind
from outreach.services.directory import assistants
from outreach.services.door import attendance
from outreach.services.invitations import links
from outreach.services.polls import answer as poll_answering
from outreach.services.privacy import person as privacy
from outreach.web.exports import file
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import JAKARTA, NOW, a_person, answer, at, draft_activity, invite, log_in, publish, run
from tests.world.held import came, held
from tests.world.incoming import blocked, mail
from tests.world.polls import MAYBE, NO, YES, a_poll, dates
from tests.world.timetabling import a_request, searched, three_at_once

pytestmark = pytest.mark.usefixtures("any_app", "clock_stands")


def workbook(client, path: str) -> list[list]:
    """Return the rows of the .xlsx at an address, the headings first."""
    response = client.get(path)
    assert response.status_code == 200, response.text[:500]
    assert response.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return CalamineWorkbook.from_filelike(io.BytesIO(response.data)).get_sheet_by_index(0).to_python()


def table(client, path: str, delimiter: str = ",") -> list[list[str]]:
    """Return the rows of the CSV at an address, the headings first."""
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (200, "text/csv")
    assert response.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(response.data.decode("utf-8-sig")), delimiter=delimiter))


def column(rows: list[list], heading: str) -> list:
    return [row[rows[0].index(heading)] for row in rows[1:]]


def test_people_are_exported_as_filtered_with_all_their_data(coordinator_client, ani, budi, chief):
    ani.title_before, ani.post, ani.note = "Hj.", "Ketua", "Telepon dulu"
    assistants.write(ani, "Rina Astuti", "+6281200000001", "rina@example.com")
    db.session.commit()
    assert column(workbook(coordinator_client, "/people?file=xlsx"), "Name") == [
        "Hj. Ani Wijaya", "Budi Santoso", "Kapolres Metro",
    ]  # fmt: skip
    rows = workbook(coordinator_client, "/people?file=xlsx&kind=patbm&q=wijaya")
    assert [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] == [
        {"Name": "Hj. Ani Wijaya", "Post": "Ketua", "Organisation": "", "Cadre of": "PATBM", "Kelurahan": "Imopuro",
         "Kecamatan": "Metro Pusat", "Sex": "", "Age group": "", "E-mail": "ani@example.com", "Phone": "0812-3456-7890",
         "Wants no reminders": "", "Note": "Telepon dulu", "Adjutant or secretary": "Rina Astuti",
         "Their phone or WhatsApp": "0812-0000-0001", "Their e-mail": "rina@example.com"},
    ]  # fmt: skip
    assert column(workbook(coordinator_client, "/people?file=xlsx&sector=police"), "Organisation") == ["Polres Metro"]


def test_the_page_links_to_the_file_with_the_same_filters_and_without_its_page_number(coordinator_client, ani, budi):
    html = coordinator_client.get("/people?q=a&kind=patbm&page=1").text
    assert 'href="/people?q=a&amp;kind=patbm&amp;file=xlsx"' in html
    assert 'href="/people?q=a&amp;kind=patbm&amp;file=csv"' in html


def test_a_list_longer_than_a_page_is_exported_whole(coordinator_client):
    for number in range(60):
        a_person(f"Sari {number:02}")
    assert column(workbook(coordinator_client, "/people?file=xlsx"), "Name") == [f"Sari {n:02}" for n in range(60)]


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("http://example.com")', "@SUM(A1)", "+1+cmd|' /C calc'!A0", "-2+3", "{=1}"]
)
def test_a_text_never_becomes_a_formula(coordinator_client, text: str):
    a_person("Ani Wijaya", note=text)
    response = coordinator_client.get("/people?file=xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(response.data))
    assert (book.get_sheet_by_index(0).to_python()[1][-1], _formulas(response.data)) == (text, 0)
    cell = column(table(coordinator_client, "/people?file=csv"), "Note")[0]
    assert cell.lstrip("'").replace("\\|", "|") == text
    assert cell[0] not in "=+-@"


@pytest.mark.parametrize(
    "text", ["<r><b>tebal</b></r>", "<r>rusak & <</r>", "  dua spasi  ", "_x0041_ dan \x07", "baris\nkedua", "A" * 300]
)
def test_any_text_comes_back_as_it_was_written(text: str):
    file = io.BytesIO()
    spreadsheets.write_xlsx(file, "Catatan", [ListColumn("Note", 10, lambda row: row)], [text])
    book = CalamineWorkbook.from_filelike(io.BytesIO(file.getvalue()))
    assert book.get_sheet_by_index(0).to_python() == [["Note"], [text]]


@pytest.mark.parametrize(("text", "written"), [("a\ufffeb", "a_xFFFE_b"), ("a\uffffb", "a_xFFFF_b"), ("\0", "_x0000_")])
def test_characters_that_xml_does_not_allow_are_written_as_excel_writes_them(text: str, written: str):
    file = io.BytesIO()
    spreadsheets.write_xlsx(file, "Catatan", [ListColumn("Note", 10, lambda row: row)], [text])
    sheet = ElementTree.fromstring(zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml"))
    assert [cell.text for cell in sheet.findall(".//{*}t")] == ["Note", written]


def test_a_title_with_control_characters_makes_a_workbook_that_opens():
    file = io.BytesIO()
    spreadsheets.write_xlsx(file, "Rapat\x07\x00 \ufffe 1", [ListColumn("Note", 10, lambda row: row)], ["a"])
    assert CalamineWorkbook.from_filelike(io.BytesIO(file.getvalue())).sheet_names == ["Rapat 1"]
    ElementTree.fromstring(zipfile.ZipFile(file).read("xl/workbook.xml"))


@pytest.mark.parametrize(("letters", "kept"), [(64, 2), (65, 1)])  # the heading is one
def test_long_texts_are_not_kept_in_memory_after_the_file_is_written(letters: int, kept: int):
    spreadsheets._short.cache_clear()
    spreadsheets.write_xlsx(io.BytesIO(), "Catatan", [ListColumn("", 10, lambda row: row)], ["a" * letters] * 2)
    assert spreadsheets._short.cache_info().currsize == kept


def _formulas(data: bytes) -> int:
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    return sheet.count("<f>") + sheet.count("<hyperlink")


@pytest.mark.parametrize(("language", "delimiter"), [("en", ","), ("id", ";")])
def test_csv_is_separated_as_excel_expects_in_the_users_language(
    current_app_, coordinator: User, ani, language: str, delimiter: str
):
    coordinator.locale = language
    db.session.commit()
    rows = table(log_in(current_app_, coordinator), "/people?file=csv", delimiter)
    assert rows[0][8] == {"en": "E-mail", "id": "Surel"}[language]


def test_instants_are_dates_on_the_wall_clock_there(coordinator_client, activity):
    rows = workbook(coordinator_client, "/activities?file=xlsx")
    assert [(str(row[3]), row[5], row[6]) for row in rows[1:]] == [("2027-01-18 08:00:00", "WIB", "Aula Bappeda")]
    assert column(table(coordinator_client, "/activities?file=csv"), "Start") == ["2027-01-18 08:00"]
    assert len(workbook(coordinator_client, "/activities?file=xlsx&time=past")) == 1


@copied
def one_of_each(activity, ani, budi, chief, police, coordinator, default_rules) -> None:
    """An activity with answers and attendance, its mails, a mail received, a blocked address, a group, and a double booking."""
    invite(activity, ani, budi)
    invite(activity, chief, role=Role.SPEAKER)
    publish(activity)
    run(NOW)
    answer(activity, ani, Choice.COMING)
    mail(IncomingKind.LETTER, person=ani, text="Saya terlambat.", subject="Terlambat")
    blocked(budi.email, reply="550 no such user")
    db.session.add(PeopleGroup(name="Tim inti", members=[ani, budi]))
    db.session.commit()
    draft_activity(None, None, 18, title="Bersamaan", public_title="")
    hers = db.session.scalars(sa.select(Invitation.id).where(Invitation.person_id == ani.id)).one()
    attendance.tick(activity.id, [hers], [hers], AttendanceSource.HAND, by=coordinator, now=at(18))


EXPORTED = (  # (path, heading, values): what the file of a list has under a heading, after `one_of_each`
    ("/people/groups", "Name", ["Ani Wijaya", "Budi Santoso"]),
    ("/people/{ani}", "Was there", ["yes"]),
    ("/people/{ani}", "Activity", ["Rapat koordinasi pencegahan kekerasan"]),
    ("/organisations/{police}", "Seats of the organisation", []),
    ("/organisations", "People", [1.0]),
    ("/venues", "How many people fit", [100.0]),
    ("/programmes", "Coming", [1.0]),
    ("/activities?time=all&q=rapat", "Were there", [1.0]),
    ("/messages?q=santoso", "Activities", ["Rapat koordinasi pencegahan kekerasan"]),
    ("/messages?archive=1", "To", []),
    ("/incoming?show=all", "What it says", ["Saya terlambat."]),
    ("/incoming/unreachable", "Name", ["Budi Santoso"]),
    ("/activities/{id}/invitees?q=wijaya", "Was there", ["yes"]),
    ("/activities/{id}/invitees", "Name", ["Kapolres Metro", "Ani Wijaya", "Budi Santoso"]),
    ("/activities/{id}/invitees/to-call", "Name", ["Budi Santoso", "Kapolres Metro"]),
    ("/activities/{id}/invitees/to-call?no_address=1", "Name", ["Budi Santoso"]),
    ("/to-call?q=santoso", "Activity", ["Rapat koordinasi pencegahan kekerasan"]),
    ("/activities/{id}/attendance?shown_only=present", "Name", ["Ani Wijaya"]),
    ("/polls?show=all", "Date poll", []),
    ("/findings", "Clash", []),
    ("/audit?q=rapat&user={user}", "What was done", ["attendance ticked"]),
    ("/users", "May sign in", ["yes", "yes"]),
)


def test_each_list_is_exported_as_filtered(
    administrator_client, one_of_each, activity, coordinator, ani, police, subtests
):
    for path, heading, values in EXPORTED:
        with subtests.test(path):
            path = path.format(id=activity.id, user=coordinator.id, ani=ani.id, police=police.id)
            address = f"{path}{'&' if '?' in path else '?'}file="
            assert column(workbook(administrator_client, address + "xlsx"), heading) == values
            assert len(table(administrator_client, address + "csv")) == len(values) + 1
            page = administrator_client.get(path).text
            assert ("file=xlsx" in page) == bool(values), "the page offers the file"


# Where each list can be downloaded. The file of refused rows belongs to an import (test_imports.py); photos are a ZIP.
LISTS = {
    ListName.ABSENCES: "/absences/person/{chief}",
    ListName.ACCOUNTS: "/users",
    ListName.ACTIVITIES: "/activities?time=all",
    ListName.ATTENDANCE: "/activities/{activity}/attendance",
    ListName.AUDIT_LOG: "/audit",
    ListName.SECURITY_EVENTS: "/security-events",
    ListName.CALENDAR_ADDRESSES: "/feeds",
    ListName.CALLS: "/to-call",
    ListName.CALL_LOG: "/to-call/figures",
    ListName.CALL_QUESTIONS: "/to-call/questions",
    ListName.CASES: "/reports/cases",
    ListName.CERTIFICATES: "/certificates",
    ListName.CLASHES: "/findings",
    ListName.COVERAGE: "/reports/coverage",
    ListName.DATA_REQUESTS: "/data-requests/",
    ListName.DEVICES: "/devices",
    ListName.ENTITLED: "/certificates/entitled?activity={activity}",
    ListName.FEEDBACK: "/activities/{activity}/feedback",
    ListName.FOLLOW_UPS: "/follow-ups",
    ListName.GROUPS: "/people/groups",
    ListName.HISTORY: "/people/{ani}/history",
    ListName.INVITATIONS: "/people/{ani}",
    ListName.INVITEES: "/activities/{activity}/invitees",
    ListName.LETTERS: "/letters",
    ListName.MAILS_RECEIVED: "/incoming?show=all",
    ListName.MESSAGES: "/messages",
    ListName.ORGANISATIONS: "/organisations",
    ListName.PEOPLE: "/people",
    ListName.POLLS: "/polls?show=all",
    ListName.POLL_ANSWERS: "/polls/{poll}",
    ListName.POSTS: "/people/posts",
    ListName.PROGRAMMES: "/programmes",
    ListName.PROPOSAL: "/placements/{search}",
    ListName.REMINDER_RULES: "/rules",
    ListName.REPORT: "/reports",
    ListName.RUNDOWN: "/programmes/{programme}/rundown",
    ListName.SCANS: "/activities/{activity}/attendance/scans",
    ListName.SEARCHES: "/placements",
    ListName.TEXTS: "/texts",
    ListName.UNREACHABLE: "/incoming/unreachable",
    ListName.VENUES: "/venues",
    ListName.WALK_INS: "/walk-ins",
}
# A cell that is only a day or an hour, as a text
_DAY_AS_TEXT = re.compile(
    r"\d{4}-\d\d-\d\d.{0,9}|\d{1,2}[./]\d{1,2}[./]\d{4}.{0,9}|\d{1,2} \w{3,9} \d{4}|\d\d[.:]\d\d( WI\w+)?"
)


def test_every_list_is_a_spreadsheet_with_real_days_frozen_headings_and_filters(
    administrator_client, one_of_each, activity, programme, ani, chief
):
    for mailed in (absence_rules.days(at(19).date(), at(20).date(), JAKARTA),):
        absences.add(
            Subject(SubjectKind.PERSON, chief.id), mailed, "Cuti", source=AbsenceSource.COORDINATOR, by=None, now=NOW
        )
    poll, search = a_poll(ani), searched(a_request(three_at_once()))
    ids = {"activity": activity.id, "programme": programme.id, "ani": ani.id, "chief": chief.id, "poll": poll.id,
           "search": search.id}  # fmt: skip
    # codes are a PDF, the last two a ZIP
    others = {ListName.REFUSED_ROWS, ListName.DOOR_CODES, ListName.PHOTOS, ListName.KLA}
    assert set(LISTS) == set(ListName) - others
    empty = set()
    for name, path in LISTS.items():
        path = path.format(**ids)
        response = administrator_client.get(f"{path}{'&' if '?' in path else '?'}file=xlsx")
        assert response.mimetype == file.TYPES[spreadsheets.Filetype.XLSX], name
        book = CalamineWorkbook.from_filelike(io.BytesIO(response.data))
        sheets = [book.get_sheet_by_name(sheet).to_python() for sheet in book.sheet_names]
        assert all(isinstance(heading, str) and heading for rows in sheets for heading in rows[0]), name
        as_text = [cell for rows in sheets for row in rows[1:] for cell in row if _is_day_as_text(cell)]
        assert as_text == [], f"{name}: days and hours are dates of the spreadsheet"
        if not any(rows[1:] for rows in sheets):
            empty.add(name)
        with zipfile.ZipFile(io.BytesIO(response.data)) as parts:
            for part in [part for part in parts.namelist() if part.startswith("xl/worksheets/sheet")]:
                xml = parts.read(part).decode()
                assert 'state="frozen"' in xml, name
                assert "<autoFilter" in xml, name
                assert "<cols>" in xml, name
                assert "<f>" not in xml, name
    assert {
        ListName.PEOPLE, ListName.ORGANISATIONS, ListName.INVITEES, ListName.ATTENDANCE, ListName.MESSAGES, ListName.ACTIVITIES,
        ListName.ABSENCES, ListName.HISTORY, ListName.PROPOSAL, ListName.REPORT,
    }.isdisjoint(empty)  # fmt: skip


def _is_day_as_text(cell: object) -> bool:
    return isinstance(cell, str) and _DAY_AS_TEXT.fullmatch(cell) is not None


def test_lists_for_administrators_are_exported_for_nobody_else(coordinator_client, viewer):
    assert [coordinator_client.get(f"{path}?file=xlsx").status_code for path in ("/audit", "/users")] == [403, 403]


def test_a_viewer_downloads_the_lists_that_viewers_read_without_secret_links(viewer_client, one_of_each, activity):
    response = viewer_client.get(f"/activities/{activity.id}/invitees?file=csv")
    assert (response.status_code, b"/j/" in response.data) == (200, False)


def test_without_an_account_there_is_no_file(current_app_, ani):
    assert current_app_.test_client().get("/people?file=xlsx").status_code == 302


def test_a_list_that_is_too_long_says_so_on_its_page(coordinator_client, monkeypatch):
    monkeypatch.setattr(spreadsheets, "MOST_ROWS", 2)
    for name in ("Ani Wijaya", "Budi Santoso"):
        a_person(name)
    assert len(workbook(coordinator_client, "/people?file=xlsx")) == 3
    db.session.rollback()
    a_person("Citra Dewi")
    for kind in ("xlsx", "csv"):
        response = coordinator_client.get(f"/people?q=a&file={kind}", follow_redirects=True)
        assert response.request.full_path == "/people?q=a"
        assert "more than 2 rows. Please narrow it down first" in response.text


def test_a_file_is_never_cached_and_its_name_has_the_list_and_the_day(coordinator_client, ani):
    response = coordinator_client.get("/people?file=xlsx")
    assert response.headers["Content-Disposition"] == "attachment; filename=people-2027-01-04.xlsx"
    assert response.headers["Cache-Control"] == "private, no-store"


def test_an_unknown_type_of_file_gives_the_page(coordinator_client, ani):
    assert coordinator_client.get("/people?file=exe").mimetype == "text/html"


def test_an_organisation_without_nominees_is_in_the_file_of_invitees(coordinator_client, activity, police):
    db.session.add(Invitation(activity=activity, organisation=police, role=Role.PARTICIPANT, quota=2))
    db.session.commit()
    rows = workbook(coordinator_client, f"/activities/{activity.id}/invitees?file=xlsx")
    assert rows[1][:3] == ["Polres Metro", "", "Polres Metro"]


def test_the_answers_of_a_date_poll_have_a_column_for_each_time(coordinator_client, ani, budi):
    poll = a_poll(ani, budi)
    token = tokens.token(links.link_for(db.session, ani))
    poll_answering.answer(token, poll.id, dates(poll, YES, NO, MAYBE, who="Ani"), now=NOW)
    rows = workbook(coordinator_client, f"/polls/{poll.id}?file=xlsx")
    times = [at for at, heading in enumerate(rows[0]) if "WIB" in heading]
    assert [[row[0], *(row[at] for at in times)] for row in rows[1:]] == [
        ["Ani Wijaya", "Yes", "No", "If need be"],
        ["Budi Santoso", "", "", ""],
    ]
    assert f'href="/polls/{poll.id}?file=csv"' in coordinator_client.get(f"/polls/{poll.id}").text


def test_a_rundown_has_a_row_for_each_line_of_the_agenda(coordinator_client, programme, activity, hall, chief, ani):
    activity.agenda = [
        AgendaItem(starts_at=at(18, 8), ends_at=at(18, 9), topic="Kebijakan daerah", speakers=[chief]),
        AgendaItem(starts_at=at(18, 9), ends_at=at(18, 10), topic="Diskusi"),
    ]
    draft_activity(programme, hall, 19, title="Pelatihan kader")
    invite(activity, ani, role=Role.MODERATOR)
    path = f"/programmes/{programme.id}/rundown"
    rows = table(coordinator_client, f"{path}?file=csv")
    assert [(row[0], row[3], row[4], row[5], row[6]) for row in rows[1:]] == [
        ("2027-01-18 08:00", activity.title, "Kebijakan daerah", "Kapolres Metro", "Ani Wijaya"),
        ("2027-01-18 09:00", activity.title, "Diskusi", "", "Ani Wijaya"),
        ("2027-01-19 08:00", "Pelatihan kader", "", "", ""),
    ]
    assert f'href="{path}?file=xlsx"' in coordinator_client.get(path).text


def test_rules_and_texts_are_exported_with_their_words(coordinator_client, default_rules, programme):
    rows = table(coordinator_client, "/rules?file=csv")
    assert rows[0] == ["When", "Name", "To", "Mail", "Text", "State"]
    assert {"When the activity is published", "3 days before, at 08:00"} <= set(column(rows, "When"))
    of_programme = table(coordinator_client, f"/rules?programme={programme.id}&file=csv")
    assert set(column(of_programme, "Set where")) == {"inherited"}
    texts = workbook(coordinator_client, "/texts?file=xlsx")
    assert texts[0] == ["Mail", "Language", "Subject", "Greeting", "Text", "Whose text"]
    assert {row[1] for row in texts[1:]} == {"Bahasa Indonesia", "English"}
    for path in ("/rules", "/texts"):
        assert f'href="{path}?file=xlsx"' in coordinator_client.get(path).text


def test_absences_are_exported_as_days_and_hours(coordinator_client, chief):
    def enter(absent, reason: str) -> None:
        subject = Subject(SubjectKind.PERSON, chief.id)
        absences.add(subject, absent, reason, source=AbsenceSource.COORDINATOR, by=None, now=NOW)

    enter(absence_rules.days(at(19).date(), at(20).date(), JAKARTA), "Cuti")
    enter(
        absence_rules.weekly(absence_rules.hours(at(21).date(), at(21, 13).time(), at(21, 15).time(), JAKARTA), None),
        "",
    )
    path = f"/absences/person/{chief.id}"
    rows = table(coordinator_client, f"{path}?file=csv")
    assert [row[:8] for row in rows[1:]] == [
        ["2027-01-19", "2027-01-20", "", "", "", "once", "", "Cuti"],
        ["2027-01-21", "2027-01-21", "13:00", "15:00", "WIB", "every week", "", ""],
    ]
    hours = [[str(cell) for cell in row[2:4]] for row in workbook(coordinator_client, f"{path}?file=xlsx")[1:]]
    assert hours == [["", ""], ["13:00:00", "15:00:00"]]
    assert f'href="{path}?file=xlsx"' in coordinator_client.get(path).text


def test_calendar_addresses_are_exported_without_the_addresses(coordinator_client, coordinator):
    made = feeds.make(FeedScope.EVERYTHING, None, "HP Kepala Bidang", by=coordinator, now=NOW)
    address = re.search(r"/feeds/([\w-]{38})\.ics", coordinator_client.get("/feeds").text)
    assert address is not None
    response = coordinator_client.get("/feeds?file=csv")
    assert "HP Kepala Bidang" in response.text
    for secret in (address[1], db.session.get_one(Feed, made.id).nonce, ".ics", "http"):
        assert str(secret) not in response.text


def test_calendar_addresses_are_exported_for_no_viewer(viewer_client):
    assert viewer_client.get("/feeds?file=csv").status_code == 403


def test_placements_and_a_proposal_are_exported(coordinator_client, office):
    search = searched(a_request(three_at_once()))
    assert column(table(coordinator_client, "/placements?file=csv"), "Activities") == ["3"]
    rows = workbook(coordinator_client, f"/placements/{search.id}?file=xlsx")
    assert sorted(column(rows, "Activity")) == ["Imopuro", "Metro", "Yosodadi"]
    assert len(set(map(str, column(rows, "Proposed start")))) > 1
    assert {str(start) for start in column(rows, "Start before")} == {"2027-01-18 09:00:00"}
    for path in ("/placements", f"/placements/{search.id}"):
        assert f'href="{path}?file=xlsx"' in coordinator_client.get(path).text


def log() -> list[AuditEntry]:
    db.session.rollback()
    wanted = sa.select(AuditEntry).where(AuditEntry.action == "list.downloaded").order_by(AuditEntry.id)
    return list(db.session.scalars(wanted))


def test_a_download_is_in_the_audit_log_with_its_user_list_filter_and_number_of_rows(
    coordinator_client, coordinator, ani, budi
):
    coordinator_client.get("/people?kind=patbm&q=wijaya")
    assert log() == [], "to see a list is not to take it"
    coordinator_client.get("/people?kind=patbm&q=wijaya&page=1&junk=1&file=xlsx")
    (entry,) = log()
    assert (entry.user_id, entry.at, entry.subject_type, entry.subject_name) == (coordinator.id, NOW, "list", "people")
    assert entry.detail == {"rows": 1, "file": "xlsx", "filters": {"q": "wijaya", "kind": "patbm"}}


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("en", ["People", "downloaded as a file", "Rows: 1", "Filter: search words = wijaya", "Filter: region = Imopuro"]),
        ("id", ["Orang", "diunduh sebagai berkas", "Baris: 1", "Saringan: kata pencarian = wijaya",
                "Saringan: wilayah = Imopuro"]),
    ],
)  # fmt: skip
def test_the_audit_page_describes_a_download_in_words(current_app_, administrator, ani, language, lines):
    administrator.locale = language
    db.session.commit()
    client = log_in(current_app_, administrator)
    client.get(f"/people?region={ani.region_code}&q=wijaya&file=csv")
    shown = text_of(client.get("/audit").text)
    for line in lines:
        assert line in shown


def test_the_log_names_the_activity_whose_answers_were_downloaded(administrator_client, one_of_each, activity):
    administrator_client.get(f"/activities/{activity.id}/invitees?state=unanswered&file=csv")
    administrator_client.get("/activities?file=csv")
    shown = text_of(administrator_client.get("/audit?about=list").text)
    assert f"Invitees: {activity.title}" in shown
    assert "Filter: state = Without an answer" in shown
    assert "Filter: time = Upcoming" in shown, "the page's own default filter is named, too"
    assert "Invitees" in text_of(administrator_client.get("/audit?q=rapat+koordinasi").text)


def test_every_list_has_a_word_in_the_log():
    assert set(LIST_LABELS) == set(ListName)


def test_a_list_that_is_too_long_is_not_recorded(coordinator_client, monkeypatch, ani, budi):
    monkeypatch.setattr(spreadsheets, "MOST_ROWS", 1)
    coordinator_client.get("/people?file=csv")
    assert log() == []


@pytest.mark.parametrize(
    ("site", "given"), [("cross-site", False), ("same-site", False), ("same-origin", True), ("none", True)]
)
def test_another_site_cannot_download_a_list_through_a_users_browser(coordinator_client, ani, site: str, given: bool):
    response = coordinator_client.get("/people?file=csv", headers={"Sec-Fetch-Site": site})
    assert (response.status_code, response.mimetype, len(log())) == (200, "text/csv" if given else "text/html", given)


def test_a_request_for_the_headers_alone_is_no_download(coordinator_client, ani):
    assert coordinator_client.head("/people?file=csv").status_code == 200
    assert log() == []


def test_others_can_save_while_a_long_list_is_read(current_app_, coordinator, ani):
    """SQLite has one writer at a time, so a file must be finished before its entry in the log begins."""
    done = []

    def write() -> None:
        with current_app_.app_context():
            a_person("Citra Dewi")
            done.append(len(log()))

    def rows():
        yield ani
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(timeout=300)
        yield ani

    client = log_in(current_app_, coordinator)
    with client:
        client.get("/people")
        file.send(ListName.PEOPLE, [ListColumn("Name", 10, lambda row: "x")], rows())
    assert (done, len(log())) == ([0], 1)


def test_erasing_a_person_removes_their_name_from_the_logged_search_words(coordinator_client, ani, budi):
    for words in ("ani wijaya", "0812-3456-7890", "ani@example.com", "santoso"):
        coordinator_client.get("/people", query_string={"q": words, "file": "csv"})
    privacy.erase(ani.id, by=None, now=NOW)
    assert [entry.detail["filters"]["q"] for entry in log()] == ["(erased)", "(erased)", "(erased)", "santoso"]


@pytest.mark.parametrize(
    ("words", "erased"),
    [
        ("rahmawati siti", True),
        ("siti bidan", True),
        ("Siti Rahmawati, S.H.", True),
        ("bidan rahma", True),
        ("siti.r@", True),
        ("bidan imopuro", False),
        ("@example.com", False),
        ("st", False),
    ],
)
def test_a_search_with_any_word_of_the_erased_persons_name_loses_all_its_words(
    coordinator_client, office, words, erased
):
    siti = a_person("Siti Rahmawati", title_after="S.H.", email="siti.r@example.com")
    coordinator_client.get("/people", query_string={"q": words, "file": "csv"})
    privacy.erase(siti.id, by=None, now=NOW)
    assert [entry.detail["filters"]["q"] for entry in log()] == ["(erased)" if erased else words]


@pytest.mark.parametrize(
    "text",
    ["a;=1+1", "a,=1+1", "a\t@SUM(A1)", "\t=1+1", "\r=1+1", " =1+1", "baris\n=1+1", "a; +1", "\uff1d1+1", "x;-2+3|cmd"],
)
@pytest.mark.parametrize(("written", "read"), [(",", ";"), (";", ","), (";", "\t"), (",", ",")])
def test_no_cell_of_a_csv_becomes_a_formula_whatever_separates_them(text: str, written: str, read: str):
    file = io.BytesIO()
    spreadsheets.write_csv(file, [ListColumn("Note", 10, str), ListColumn("Again", 10, str)], [text], written)
    lines = file.getvalue().decode("utf-8-sig")
    for rows in (csv.reader(io.StringIO(lines, newline=""), delimiter=read), (re.split('[;,\t\r\n"]', lines),)):
        for row in rows:
            assert [cell for cell in row if cell.strip()[:1] in set("=+-@|%\uff1d")] == []


@pytest.mark.parametrize("text", ["-5", "1,5", "Senin; Selasa", "a - b", "nama@example.com, dua@example.com", "-12.5"])
def test_a_csv_keeps_text_that_is_no_formula(text: str):
    file = io.BytesIO()
    spreadsheets.write_csv(file, [ListColumn("Note", 10, str)], [text], ",")
    assert list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig")))) == [["Note"], [text]]


def test_a_csv_states_its_encoding_once(coordinator_client, ani):
    assert coordinator_client.get("/people?file=csv").headers["Content-Type"] == "text/csv; charset=utf-8"


def test_the_log_names_no_filter_that_the_list_ignores(coordinator_client, ani):
    coordinator_client.get("/people?kind=zzz&sector=none&organisation=abc&q=ani&file=csv")
    assert log()[0].detail["filters"] == {"q": "ani"}


@pytest.mark.parametrize(
    ("referrer", "given"),
    [
        ("http://localhost/people", True),
        ("http://evil.example.com/", False),
        ("", False),
        ("http://localhost.example.com", False),
    ],
)
def test_from_a_browser_that_does_not_report_the_site_the_referrer_must_be_one_of_our_pages(
    coordinator_client, ani, referrer, given
):
    safari = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 15_0 like Mac OS X) Safari/604.1", "Referer": referrer}
    response = coordinator_client.get("/people?file=csv", headers=safari)
    assert (response.mimetype, len(log())) == ("text/csv" if given else "text/html", given)


def test_attendance_has_when_somebody_came_and_left(coordinator_client, activity, ani):
    invitation = came(held(activity), ani)
    invitation.attendance.in_at, invitation.attendance.out_at = at(18, 9, 5), at(18, 11, 40)
    db.session.commit()
    rows = workbook(coordinator_client, f"/activities/{activity.id}/attendance?file=xlsx")
    assert column(rows, "Came at") == [datetime(2027, 1, 18, 9, 5)]
    assert column(rows, "Left at") == [datetime(2027, 1, 18, 11, 40)]


def test_all_that_was_recorded_at_the_entrance_is_exported(coordinator_client, activity, ani, coordinator):
    invitation = came(held(activity), ani)
    device = Device(key="k" * 20, number=3, name="=HP Sari", user_id=coordinator.id, made_at=at(18), seen_at=at(18, 10))
    db.session.add(device)
    db.session.flush()
    for number, who, outcome in ((1, invitation.id, ScanOutcome.PRESENT), (2, None, ScanOutcome.FORGED)):
        scan = Scan(activity_id=activity.id, device_id=device.id, number=number, invitation_id=who, how=ScanHow.QR,
                    outcome=outcome, at=at(18, 9, number), device_at=at(18, 8, 53), received_at=at(18, 9, 30))  # fmt: skip
        db.session.add(scan)
    db.session.add(WalkIn(person_id=a_person("Dewi").id, activity_id=activity.id, came_at=at(18, 9, 20)))
    db.session.commit()
    log = f"/activities/{activity.id}/attendance/scans"
    rows = workbook(coordinator_client, f"{log}?file=xlsx")
    assert [row[:5] for row in rows[1:]] == [
        [datetime(2027, 1, 18, 9, 1), "Ani Wijaya", "There", "Code scanned", "Device 3 =HP Sari"],
        [datetime(2027, 1, 18, 9, 2), "", "No code of this office", "Code scanned", "Device 3 =HP Sari"],
    ]  # fmt: skip
    assert coordinator_client.get(log).location.endswith(f"/activities/{activity.id}/attendance")
    assert "attendance/scans?file=csv" in coordinator_client.get(f"/activities/{activity.id}/attendance").text
    assert [row[:3] for row in workbook(coordinator_client, "/devices?file=xlsx")[1:]] == [[3, "=HP Sari", 2]]
    assert column(table(coordinator_client, "/devices?file=csv"), "Name") == ["'=HP Sari"]
    walked_in = workbook(coordinator_client, f"/walk-ins?file=xlsx&activity={activity.id}")
    assert column(walked_in, "Came at") == [datetime(2027, 1, 18, 9, 20)]
    assert workbook(coordinator_client, "/walk-ins?file=xlsx&activity=999")[1:] == []


def test_who_may_have_a_certificate_and_what_callers_were_asked_is_exported(coordinator_client, activity, ani, budi):
    came(held(activity), ani)
    came(activity, budi)
    path = f"/certificates/entitled?activity={activity.id}&file=xlsx"
    assert column(workbook(coordinator_client, path), "Name on the certificate") == ["Ani Wijaya", "Budi Santoso"]
    assert column(workbook(coordinator_client, f"{path}&q=budi"), "Invitee") == ["Budi Santoso"]
    assert workbook(coordinator_client, "/to-call/questions?file=xlsx")[0][0] == "Who"


def test_coverage_is_exported_with_what_is_hidden_and_by_month(viewer_client, activity, ani):
    came(held(activity), ani)
    february = draft_activity(None, None, 8, starts_at=at(8, month=2), ends_at=at(8, 12, month=2))
    held(february)
    rows = workbook(viewer_client, "/reports/coverage?from=2026-12-01&to=2027-12-31&file=xlsx")
    assert rows[0] == ["Place", "Activities held", "Invited", "Answered", "Present"]
