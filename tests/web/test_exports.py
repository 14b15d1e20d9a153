"""Every list as a spreadsheet: what is in the file, as the list is filtered, for whom, and that no text becomes a formula."""

import csv
import io

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from outreach.delivery import spreadsheets
from outreach.domain.answers import Choice
from outreach.domain.kinds import AttendanceSource, IncomingKind, Role
from outreach.extensions import db
from outreach.models import Invitation, PeopleGroup, User
from outreach.services import attendance
from tests.world import NOW, a_person, answer, at, draft_activity, invite, log_in, publish, run
from tests.world.incoming import blocked, mail

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


def test_people_are_exported_as_filtered_with_all_that_is_known(coordinator_client, ani, budi, chief):
    ani.title_before, ani.post, ani.note = "Hj.", "Ketua", "Telepon dulu"
    db.session.commit()
    assert column(workbook(coordinator_client, "/people?file=xlsx"), "Name") == [
        "Hj. Ani Wijaya", "Budi Santoso", "Kapolres Metro",
    ]  # fmt: skip
    rows = workbook(coordinator_client, "/people?file=xlsx&kind=patbm&q=wijaya")
    assert [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] == [
        {"Name": "Hj. Ani Wijaya", "Post": "Ketua", "Organisation": "", "Cadre of": "PATBM", "Kelurahan": "Imopuro",
         "Kecamatan": "Metro Pusat", "Sex": "", "E-mail": "ani@example.com", "Phone": "0812-3456-7890",
         "Wants no reminders": "", "Note": "Telepon dulu"},
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


def _formulas(data: bytes) -> int:
    import zipfile

    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    return sheet.count("<f>") + sheet.count("<hyperlink")


@pytest.mark.parametrize(("language", "delimiter"), [("en", ","), ("id", ";")])
def test_csv_is_separated_as_excel_expects_in_the_users_language(
    current_app_, coordinator: User, ani, language: str, delimiter: str
):
    coordinator.locale = language
    db.session.commit()
    rows = table(log_in(current_app_, coordinator), "/people?file=csv", delimiter)
    assert rows[0][7] == {"en": "E-mail", "id": "Surel"}[language]


def test_instants_are_dates_on_the_wall_clock_there(coordinator_client, activity):
    rows = workbook(coordinator_client, "/activities?file=xlsx")
    assert [(str(row[3]), row[5], row[6]) for row in rows[1:]] == [("2027-01-18 08:00:00", "WIB", "Aula Bappeda")]
    assert column(table(coordinator_client, "/activities?file=csv"), "Start") == ["2027-01-18 08:00"]
    assert len(workbook(coordinator_client, "/activities?file=xlsx&time=past")) == 1


@pytest.fixture
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


@pytest.mark.parametrize(
    ("path", "heading", "values"),
    [
        ("/people/groups", "Name", ["Ani Wijaya", "Budi Santoso"]),
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
        ("/activities/{id}/invitees/to-call", "Name", ["Kapolres Metro", "Budi Santoso"]),
        ("/activities/{id}/invitees/to-call?no_address=1", "Name", ["Budi Santoso"]),
        ("/to-call?q=santoso", "Activity", ["Rapat koordinasi pencegahan kekerasan"]),
        ("/activities/{id}/attendance?shown_only=present", "Name", ["Ani Wijaya"]),
        ("/polls?show=all", "Date poll", []),
        ("/findings", "Clash", []),
        ("/audit?q=rapat&user={user}", "What was done", ["attendance ticked"]),
        ("/users", "May sign in", ["yes", "yes"]),
    ],
)
def test_each_list_is_exported_as_filtered(
    administrator_client, one_of_each, activity, coordinator, path, heading, values
):
    path = path.format(id=activity.id, user=coordinator.id)
    address = f"{path}{'&' if '?' in path else '?'}file="
    assert column(workbook(administrator_client, address + "xlsx"), heading) == values
    assert len(table(administrator_client, address + "csv")) == len(values) + 1
    page = administrator_client.get(path).text
    assert ("file=xlsx" in page) == bool(values), "the page offers the file"


def test_lists_of_administrators_are_exported_for_nobody_else(coordinator_client, viewer):
    assert [coordinator_client.get(f"{path}?file=xlsx").status_code for path in ("/audit", "/users")] == [403, 403]


def test_a_viewer_takes_the_lists_that_a_viewer_reads_without_secret_links(viewer_client, one_of_each, activity):
    response = viewer_client.get(f"/activities/{activity.id}/invitees?file=csv")
    assert (response.status_code, b"/j/" in response.data) == (200, False)


def test_without_an_account_there_is_no_file(current_app_, ani):
    assert current_app_.test_client().get("/people?file=xlsx").status_code == 302


def test_a_list_that_is_too_long_says_so_on_its_page(coordinator_client, monkeypatch):
    monkeypatch.setattr(spreadsheets, "MOST_ROWS", 2)
    for name in ("Ani Wijaya", "Budi Santoso"):
        a_person(name)
    assert len(workbook(coordinator_client, "/people?file=xlsx")) == 3
    a_person("Citra Dewi")
    for kind in ("xlsx", "csv"):
        response = coordinator_client.get(f"/people?q=a&file={kind}", follow_redirects=True)
        assert response.request.full_path == "/people?q=a"
        assert "more than 2 rows. Please narrow it down first" in response.text


def test_a_file_is_never_cached_and_named_by_list_and_day(coordinator_client, ani):
    response = coordinator_client.get("/people?file=xlsx")
    assert response.headers["Content-Disposition"] == "attachment; filename=people-2027-01-04.xlsx"
    assert response.headers["Cache-Control"] == "private, no-store"


def test_an_unknown_type_of_file_gives_the_page(coordinator_client, ani):
    assert coordinator_client.get("/people?file=exe").mimetype == "text/html"


def test_an_organisation_that_names_nobody_yet_is_in_the_invitees(coordinator_client, activity, police):
    db.session.add(Invitation(activity=activity, organisation=police, role=Role.PARTICIPANT, quota=2))
    db.session.commit()
    rows = workbook(coordinator_client, f"/activities/{activity.id}/invitees?file=xlsx")
    assert rows[1][:3] == ["Polres Metro", "", "Polres Metro"]
