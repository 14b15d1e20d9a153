"""The report on a page, as PDF and as a spreadsheet: the same figures in all three."""

import io
import re
from dataclasses import astuple, replace
from datetime import date, datetime, timedelta
from html.parser import HTMLParser

import pypdfium2
import pytest
import sqlalchemy as sa
from flask import current_app
from python_calamine import CalamineWorkbook

from outreach.delivery.documents import reports as documents
from outreach.delivery.words.labels import label
from outreach.domain.kinds import AgeGroup, LetterKind, Role, Sector, Sex
from outreach.domain.states import InvitationState, LetterState
from outreach.extensions import current_settings, db
from outreach.models import Activity, AuditEntry, Letter, Person
from outreach.queries.reports import figures
from outreach.queries.reports.figures import ReportScope
from outreach.queries.reports.people import ELSEWHERE
from tests.world import JAKARTA, a_person, an_invitation, an_organisation, at, draft_activity, stop_clock
from tests.world.held import came, held, many_came

IMOPURO, YOSODADI = "18.72.01.1003", "18.72.04.1001"
SHEETS = {  # the tables of sheets that have a shorter name
    "Sex and age": "Present, by sex and age", "Place and sex": "Present, by kelurahan and sex",
    "Place and age": "Present, by kelurahan and age",
}  # fmt: skip
PERIOD = "/reports?from=2027-01-01&to=2027-01-31"


@pytest.fixture
def january(programme, hall, ani, budi, chief, monkeypatch):
    """A month with two held activities, their letters, and people of two kelurahan."""
    school = an_organisation("SMPN 1 Metro", sector=Sector.SCHOOL)
    first = held(draft_activity(programme, hall, 18, title="Rapat <koordinasi>"))
    many_came(first, 12, region_code=IMOPURO, sex=Sex.FEMALE, age_group=AgeGroup.FROM_25, organisation=school)
    many_came(first, 7, region_code=IMOPURO, sex=Sex.MALE, age_group=AgeGroup.FROM_25)
    many_came(first, 6, region_code=YOSODADI, sex=Sex.FEMALE, age_group=AgeGroup.FROM_60)
    many_came(first, 1, region_code=YOSODADI, sex=Sex.FEMALE, age_group=AgeGroup.UNDER_18)
    came(first, chief, Role.SPEAKER, acting="Wakapolres")
    invitation = an_invitation(first, budi, state=InvitationState.NOT_COMING)
    second = held(draft_activity(None, hall, 20, title="Sosialisasi"))
    many_came(second, 9, region_code=YOSODADI, sex=Sex.FEMALE, age_group=AgeGroup.FROM_45)
    letter = Letter(kind=LetterKind.INVITATION, state=LetterState.SIGNED, number="400.2/7/2027", subject="Undangan rapat",
                    dated_on=date(2027, 1, 5))  # fmt: skip
    letter.invitations.append(invitation)
    db.session.add(letter)
    db.session.commit()
    stop_clock(monkeypatch, at(30))
    return programme


class _Page(HTMLParser):
    """Reads the facts and the tables of a report's page: {word: number} and {title: rows}."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: dict[str, str] = {}
        self.tables: dict[str, list[list[str]]] = {}
        self._inside: list[str] = []
        self._text = self._word = self._title = ""

    def handle_starttag(self, tag, attrs):
        if tag in ("dt", "dd", "h2", "h3", "th", "td"):
            self._text = ""
        if tag == "small":
            self._word, self._inside = self._text.strip(), ["small"]
        if tag == "tr" and self._title:
            self.tables.setdefault(self._title, []).append([])

    def handle_data(self, data):
        self._text += data

    def handle_endtag(self, tag):
        text = " ".join(self._text.split())
        if tag in ("h2", "h3"):
            self._title = text
        elif tag == "dt":
            self._word, self._inside = (self._word if self._inside else text), []
        elif tag == "dd":
            self.facts[self._word] = text
        elif tag in ("th", "td"):
            self.tables[self._title][-1].append(text)


def page_of(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, answer.text[:500]
    read = _Page()
    read.feed(answer.text)
    return read


def sheets_of(client, path):
    answer = client.get(f"{path}{'&' if '?' in path else '?'}file=xlsx")
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def pdf_of(client, path):
    answer = client.get(f"{path}{'&' if '?' in path else '?'}file=pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    return pypdfium2.PdfDocument(answer.data)


def as_shown(value):
    """Return a cell of the spreadsheet as page and paper show it, in English."""
    if isinstance(value, datetime | date):
        return f"{value.day} {value:%b %Y}"
    return f"{value:,.0f}" if isinstance(value, float) else value


@pytest.mark.parametrize("path", [PERIOD, "/reports/programmes/{id}"])
def test_page_pdf_and_spreadsheet_have_the_same_figures(january, viewer_client, path):
    path = path.format(id=january.id)
    page, sheets, pdf = page_of(viewer_client, path), sheets_of(viewer_client, path), pdf_of(viewer_client, path)
    paper = " ".join(" ".join(one.get_textpage().get_text_range() for one in pdf).split())
    summary, *others = sheets.items()
    of_sheet = {
        row[0]: as_shown(row[1]) + (f" of {as_shown(row[2])}" if row[2] != "" else "")
        for row in summary[1][2:]
        if row[1] != ""
    }
    assert of_sheet == page.facts
    assert page.facts["Present"] == ("36" if path == PERIOD else "27")
    assert page.facts["Kelurahan reached"] == "3 of 3"
    for word, number in page.facts.items():
        assert re.search(rf"{re.escape(number)} {word}|{word}.{{0,75}}? {re.escape(number)}", paper), word
    compared = 0
    for name, rows in others:
        if name == "Place, sex and age":  # too wide for paper
            continue
        shown = [[as_shown(cell) for cell in row] for row in rows]
        on_page = page.tables[
            SHEETS.get(name, name)
        ]  # kelurahan follow, folded, each kecamatan with the headings again
        assert on_page[0] == shown[0]
        assert sorted(row for row in on_page if row != on_page[0]) == sorted(shown[1:])
        for row in shown[1:]:
            assert " ".join(row) in paper, row
        compared += 1
    assert compared == len(page.tables) == 8
    assert sheets["Place and sex"][-1] == ["In all", *sheets["Sex and age"][-1][1:]]


def test_a_single_girl_is_hidden_in_every_table(january, viewer_client):
    sheets = sheets_of(viewer_client, PERIOD)
    by_age = {row[0]: row[1:] for row in sheets["Sex and age"][1:]}
    assert by_age["Under 18 years"] == ["•", 0, 0, "•"]
    wide = sheets["Place, sex and age"]
    yosodadi = next(row for row in wide if row[0] == "Yosodadi")
    assert yosodadi[wide[0].index("Female, Under 18 years")] == "•"
    assert by_age["In all"][-1] == 36


def test_no_hidden_count_of_any_exported_table_can_be_computed(january, viewer_client):
    """The tables are read back from the file. What they show together is audited."""
    sheets = sheets_of(viewer_client, PERIOD)
    scope = ReportScope(JAKARTA, first=date(2027, 1, 1), last=date(2027, 1, 31))
    report = figures.report(scope, below=5, now=at(30))
    people = report.people
    names = {place.code: place.name if place.is_kelurahan else f"Kecamatan {place.name}" for place in people.places}
    rows_by = {None: "In all", ELSEWHERE: "Elsewhere, or not known", **names}
    sexes = {"female": "Female", "male": "Male", "": "Not known", None: "In all"}
    ages = {"": "Not known", None: "In all", **{str(age): label_of(age) for age in AgeGroup}}
    cells = 0

    def read(sheet, row, column):
        rows = sheets[sheet]
        cell = next(line for line in rows[1:] if line[0] == row)[rows[0].index(column)]
        return None if cell == "•" else cell

    for (place, sex, age), value in people.present.shown.items():
        found = {read("Place, sex and age", rows_by[place], f"{sexes[sex]}, {ages[age]}")}
        if age is None:
            found.add(read("Place and sex", rows_by[place], sexes[sex]))
        if sex is None:
            found.add(read("Place and age", rows_by[place], ages[age]))
        if place is None:
            found.add(read("Sex and age", ages[age], sexes[sex]))
        if sex is age is None:
            found.add(read("By kecamatan and kelurahan", rows_by[place], "Present"))
        assert found == {value}, (place, sex, age)
        cells += 1
    for name, counted in (("Invited", people.invited), ("Answered", people.answered)):
        for (place, *_rest), value in counted.shown.items():
            assert read("By kecamatan and kelurahan", rows_by[place], name) == value
    assert cells == len(people.present.tables.cells) == 7 * 4 * 7
    for sheet, lines in (("Programmes", report.lines), ("By month", report.months), ("By sector", report.sectors)):
        columns = [sheets[sheet][0].index(name) for name in ("Invited", "Answered", "Present")]
        found = [[None if row[at] == "•" else row[at] for at in columns] for row in sheets[sheet][1:]]
        assert found == [list(astuple(line.counted)) for line in lines]
    audits = [*people.audits(), *report.over_time.audits()]
    assert [(audit.small, audit.recoverable, audit.thin) for audit in audits] == [((), (), ())] * 6
    assert people.audits()[-1].hidden > 0
    assert people.audits()[-1].narrowest >= 1


def label_of(age):
    with current_app.test_request_context("/?lang=en"):
        return str(label(age))


def test_the_spreadsheet_has_days_as_dates_and_no_formula(january, viewer_client):
    january.title = "=HYPERLINK(1)"
    db.session.commit()
    sheets = sheets_of(viewer_client, PERIOD)
    assert sheets["Programmes"][1][:4] == ["=HYPERLINK(1)", date(2027, 1, 18), date(2027, 1, 18), 1]
    assert sheets["Letters"][1][:2] == ["400.2/7/2027", date(2027, 1, 5)]


def test_the_first_page_of_the_pdf_is_signed_and_details_follow_on_numbered_pages(january, viewer_client):
    pdf = pdf_of(viewer_client, PERIOD)
    pages = [" ".join(one.get_textpage().get_text_range().split()) for one in pdf]
    assert len(pages) > 1
    assert "DINAS PEMBERDAYAAN PEREMPUAN" in pages[0].upper()
    assert f"Page 1 of {len(pages)}" in pages[0]
    assert "…………" in pages[0], "there is a place to sign"
    assert "DETAILS" not in pages[0]
    assert "DETAILS" in pages[1]


def test_a_report_without_any_activity_says_so(viewer_client, office):
    assert "Nothing was held in this time" in viewer_client.get("/reports?from=2020-01-01&to=2020-12-31").text
    assert pdf_of(viewer_client, "/reports?from=2020-01-01&to=2020-12-31")


def test_a_wrong_day_is_named_and_left_out_and_days_in_the_wrong_order_are_turned(january, viewer_client):
    assert "“2027-13-01” is not known here" in viewer_client.get("/reports?from=2027-13-01").text
    assert page_of(viewer_client, "/reports?from=2027-01-31&to=2027-01-01").facts["Activities held"] == "2"


def test_the_report_of_an_unknown_programme_is_not_found(viewer_client, office):
    assert viewer_client.get("/reports/programmes/99").status_code == 404


def test_a_download_is_in_the_audit_log_and_another_site_gets_the_page(january, viewer_client):
    other = viewer_client.get(f"{PERIOD}&file=xlsx", headers={"Sec-Fetch-Site": "cross-site"})
    assert other.mimetype == "text/html"
    sheets_of(viewer_client, f"/reports/programmes/{january.id}")
    wanted = sa.select(AuditEntry).where(AuditEntry.action == "list.downloaded")
    assert [(entry.subject_name, entry.detail["file"]) for entry in db.session.scalars(wanted)] == [
        (f"report: {january.title}", "xlsx")
    ]


def test_the_threshold_is_a_setting(current_app_, january, viewer_client, monkeypatch):
    monkeypatch.setitem(current_app_.extensions, "outreach", replace(current_settings(), small_numbers_below=50))
    assert page_of(viewer_client, PERIOD).facts["Present"] == "•"


def test_a_long_table_is_whole_in_the_spreadsheet_and_cut_on_page_and_paper(january, viewer_client, monkeypatch):
    monkeypatch.setattr(documents, "MOST_SHOWN", 3)
    page = page_of(viewer_client, PERIOD)
    assert [row[0] for row in page.tables["Present, by kelurahan and sex"]] == [
        "Place", "Kecamatan Metro Pusat", "Place", "Metro", "Imopuro",
    ]  # fmt: skip
    assert "4 further rows are in the spreadsheet." in viewer_client.get(PERIOD).text
    assert len(sheets_of(viewer_client, PERIOD)["Place and sex"]) == 8


def test_names_of_people_are_in_no_report(january, viewer_client):
    somebody = db.session.scalars(sa.select(Person.name).where(Person.name.startswith("Orang "))).first()
    assert somebody is not None
    assert somebody not in viewer_client.get(PERIOD).text
    assert a_person("Rina Contoh").name not in viewer_client.get(PERIOD).text


def test_without_days_the_report_is_of_the_year_in_which_something_was_held_last(january, viewer_client):
    assert 'value="2027-01-30"' in viewer_client.get("/reports").text
    for activity in db.session.scalars(sa.select(Activity)):
        activity.starts_at, activity.ends_at = (
            one - timedelta(days=365) for one in (activity.starts_at, activity.ends_at)
        )
    db.session.commit()
    page = viewer_client.get("/reports")
    assert all(day in page.text for day in ('value="2026-01-01"', 'value="2026-12-31"'))
