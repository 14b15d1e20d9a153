"""A report in words: the figures of queries/reports as facts and tables, the same for page, PDF and spreadsheet."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import date, datetime

from babel.dates import format_date
from flask_babel import gettext as _
from flask_babel import ngettext

from outreach.delivery.documents.reports import Fact, ReportContent, ReportTable, Value
from outreach.delivery.words.formats import days, language, moment
from outreach.delivery.words.labels import label
from outreach.domain.kinds import AgeGroup, Sector, Sex
from outreach.queries.reports.figures import LetterLine, Report
from outreach.queries.reports.people import AGES, ELSEWHERE, SEXES, PeopleCounts, ReportPlace
from outreach.web.frame.looks import office_zone
from outreach.web.reports.coverage import Measure

NAMED_LETTERS = 3


def content_of(report: Report, *, below: int, office: str, now: datetime) -> ReportContent:
    period = days(report.first, report.last) if report.first and report.last else _("no activity held yet")
    return ReportContent(
        title=_("Activity report"),
        subject=report.title,
        period=period,
        main=(
            Fact(_("Invited"), report.whole.invited),
            Fact(_("Answered"), report.whole.answered),
            Fact(_("Present"), report.whole.present),
            Fact(_("Represented"), _unless(report.whole.answered is None, report.counts.represented)),
        ),
        facts=_facts(report),
        tables=_tables(report),
        notes=_notes(below),
        made=_("%(office)s, made on %(moment)s", office=office, moment=moment(now, office_zone())),
    )


def _facts(report: Report) -> tuple[Fact, ...]:
    counts, whole = report.counts, report.whole
    others = (
        ngettext("%(num)d lies ahead", "%(num)d lie ahead", report.ahead) if report.ahead else "",
        ngettext("%(num)d is postponed", "%(num)d are postponed", report.postponed) if report.postponed else "",
        ngettext("%(num)d was cancelled", "%(num)d were cancelled", report.cancelled) if report.cancelled else "",
    )
    return (
        Fact(_("Activities held"), report.held, note=", ".join(filter(None, others))),
        Fact(_("Held without attendance recorded"), report.without_attendance, report.held),
        Fact(_("Letters"), len(report.letters), note=_numbers(report.letters)),
        Fact(
            _("Kelurahan reached"),
            report.reached,
            len(report.kelurahan),
            _("where something was held, or from where somebody came"),
        ),
        Fact(_("Said they cannot come"), _unless(whole.answered is None, counts.not_coming)),
        Fact(_("Did not answer"), _unless(None in (whole.invited, whole.answered), counts.silent)),
        Fact(_("Present through a representative"), _unless(whole.present is None, counts.acted)),
        Fact(_("Came without an invitation"), _unless(whole.present is None, counts.uninvited)),
        Fact(_("Speakers in person"), counts.speakers_in_person),
        Fact(_("Speakers represented"), counts.speakers_represented),
        Fact(_("Speakers absent"), counts.speakers_absent),
        Fact(_("Costs"), _("not recorded")),
        Fact(_("Tasks from meetings open"), report.tasks_open, report.tasks_open + report.tasks_done),
        Fact(_("Tasks from meetings done"), report.tasks_done, report.tasks_open + report.tasks_done),
    )


def _sector_words(sector: Sector | None) -> str:
    return label(sector) if sector else _("No organisation")


def _unless(hidden: bool, count: int) -> int | None:
    return None if hidden else count


def _numbers(letters: Sequence[LetterLine]) -> str:
    numbers = [letter.number for letter in letters if letter.number]
    named = ", ".join(numbers[:NAMED_LETTERS])
    more = len(numbers) - NAMED_LETTERS
    return _("%(numbers)s and %(more)s more", numbers=named, more=more) if more > 0 else named


def _tables(report: Report) -> tuple[ReportTable, ...]:
    present = _("Present")
    counted = (_("Invited"), _("Answered"), present)
    people = report.people
    return (
        ReportTable(
            _("Present, by sex and age"),
            (_("Age"), *map(sex_words, SEXES), _("In all")),
            tuple(
                (age_words(age), *(people.counted(None, sex, age) for sex in (*SEXES, None))) for age in (*AGES, None)
            ),
            strong=frozenset({len(AGES)}),
            first_page=True,
            sheet=_("Sex and age"),
        ),
        ReportTable(
            _("By sector"),
            (_("Sector"), *counted),
            tuple(
                (", ".join(map(_sector_words, line.sectors)), *astuple(line.counted))
                for line in report.sectors
            ),
            first_page=True,
        ),
        _by_place(report, counted),
        *_present_by_place(people),
        _lines(report, present),
        ReportTable(
            _("By month"),
            (_("Month"), _("Activities"), *counted),
            tuple(
                (month_words(month.first), month.activities, *astuple(month.counted))
                for month in report.months
            ),
        ),
        ReportTable(
            _("Letters"),
            (_("Letter number"), _("Date"), _("Kind of letter"), _("Subject (hal)"), _("State")),
            tuple(
                (letter.number, letter.dated_on or "", label(letter.kind), letter.subject, label(letter.state))
                for letter in report.letters
            ),
        ),
    )  # fmt: skip


def _by_place(report: Report, counted: tuple[str, ...]) -> ReportTable:
    lines = report.places
    rows = [(place_words(line.place), line.held, line.invited, line.answered, line.present) for line in lines]
    whole = (_("In all"), report.held, *astuple(report.whole))
    return ReportTable(
        _("By kecamatan and kelurahan"),
        (_("Place"), _("Activities"), *counted),
        (*rows, whole),
        strong=frozenset({at for at, line in enumerate(lines) if _is_district(line.place)} | {len(rows)}),
        parts=_parts([line.place for line in lines]),
    )


def _parts(places: Sequence[ReportPlace]) -> dict[int, range]:
    """Return which places lie in a kecamatan: the numbers of both. They follow it."""
    numbers = range(len(places))
    inside = {
        at: [n for n in numbers if places[n].kecamatan == places[at].code] for at in numbers if _is_district(places[at])
    }
    return {at: range(some[0], some[-1] + 1) for at, some in inside.items() if some}


def _present_by_place(people: PeopleCounts) -> tuple[ReportTable, ...]:
    places = (*people.places, ReportPlace(ELSEWHERE, ""))
    codes = [*(place.code for place in places), None]
    words = [*map(place_words, places), _("In all")]
    strong = frozenset({at for at, place in enumerate(places) if _is_district(place)} | {len(places)})
    parts = _parts(places)
    wide = [(sex, age) for age in (*AGES, None) for sex in (*SEXES, None)]

    def rows(columns: Sequence[tuple[str | None, str | None]]) -> tuple[tuple[Value, ...], ...]:
        return tuple(
            (word, *(people.counted(code, sex, age) for sex, age in columns))
            for word, code in zip(words, codes, strict=True)
        )

    return (
        ReportTable(
            _("Present, by kelurahan and sex"),
            (_("Place"), *map(sex_words, SEXES), _("In all")),
            rows([(sex, None) for sex in (*SEXES, None)]),
            strong,
            parts=parts,
            sheet=_("Place and sex"),
        ),
        ReportTable(
            _("Present, by kelurahan and age"),
            (_("Place"), *map(age_words, (*AGES, None))),
            rows([(None, age) for age in (*AGES, None)]),
            strong,
            parts=parts,
            sheet=_("Place and age"),
        ),
        ReportTable(
            _("Present, by kelurahan, sex and age"),
            (_("Place"), *(f"{sex_words(sex)}, {age_words(age)}" for sex, age in wide)),
            rows(wide),
            strong,
            as_file_only=True,
            sheet=_("Place, sex and age"),
        ),
    )


def _lines(report: Report, present: str) -> ReportTable:
    counted = (_("Invited"), _("Answered"), present, _("Represented"))
    rows = [(*astuple(line.counted), line.represented) for line in report.lines]
    if report.title:
        return ReportTable(
            _("Activities"),
            (_("Activity"), _("Date"), *counted),
            tuple((line.title, line.first, *row) for line, row in zip(report.lines, rows, strict=True)),
        )
    return ReportTable(
        _("Programmes"),
        (_("Programme"), _("From"), _("Until"), _("Activities"), *counted),
        tuple(
            (line.title or _("Activities of no programme"), line.first, line.last, line.activities, *row)
            for line, row in zip(report.lines, rows, strict=True)
        ),
    )


def _notes(below: int) -> tuple[str, ...]:
    return (
        _("Only activities that were held are counted. Each invitee counts once for each activity; an organisation counts "
          "through the people it named, or as one while it has named nobody."),
        _("“•” is hidden: counts of fewer than %(below)s people by sex, age, place, activity or month, however often they came, "
          "and others from which they could be computed. A zero by sex or age is shown only where nobody was invited. Sectors "
          "with few people share a line.", below=below),
        _("Of somebody who came in an invitee's place, sex and age are not known."),
    )  # fmt: skip


def _is_district(place: ReportPlace) -> bool:
    return place.code != ELSEWHERE and not place.is_kelurahan


def place_words(place: ReportPlace) -> str:
    if place.code == ELSEWHERE:
        return _("Elsewhere, or not known")
    return place.name if place.is_kelurahan else _("Kecamatan %(name)s", name=place.name)


def sex_words(sex: str | None) -> str:
    return _("In all") if sex is None else label(Sex(sex)) if sex else _("Not known")


def age_words(age: str | None) -> str:
    return _("In all") if age is None else label(AgeGroup(age)) if age else _("Not known")


def month_words(first: date) -> str:
    return format_date(first, "MMMM y", locale=language())


def measure_words() -> dict[Measure, str]:
    return {
        Measure.HELD: _("Activities held"),
        Measure.INVITED: _("Invited"),
        Measure.ANSWERED: _("Answered"),
        Measure.PRESENT: _("Present"),
    }
