"""Each year has its list of indicators: its own, that of the last year before, or the shipped one. Tags outlive their codes."""

import pytest

from outreach.domain.kla.evidence import EvidenceKind
from outreach.domain.kla.indicators import FIRST_YEAR, Indicator, IndicatorList, TableRefused
from outreach.extensions import db
from outreach.models import AuditEntry, IndicatorYear
from outreach.queries.kla import year as pages
from outreach.services.directory.workbook import NotASpreadsheet
from outreach.services.kla import lists
from outreach.services.kla.lists import KlaYearMissing
from outreach.services.kla.tag import TagChange, tag
from outreach.services.locking import Stale
from tests.world import NOW, count, rows_of

MINE = IndicatorList((Indicator("1", "A", "Satu", (EvidenceKind.LETTER,)), Indicator("30", "B", "Baru")), "Lembar 2027")


def names(year):
    return [one.code for one in lists.of_year(db.session, year).values.indicators]


def test_the_shipped_list_has_twenty_four_indicators_in_six_groups_and_says_that_it_must_be_checked():
    shipped = lists.shipped()
    assert [one.code for one in shipped.indicators] == [str(number) for number in range(1, 25)]
    assert [len(some) for some in shipped.clusters.values()] == [3, 3, 5, 6, 3, 4]
    assert "2021" in shipped.source
    assert "PERIKSA DULU" in lists.SHIPPED.read_text("utf-8")
    assert all(EvidenceKind.LETTER in one.evidence for one in shipped.indicators)


def test_a_year_keeps_its_list_and_later_years_use_it_until_they_have_their_own(any_app, office, coordinator):
    assert (lists.of_year(db.session, 2026).shipped, len(names(2027))) == (True, 24)
    lists.replace(2027, MINE, 0, "kla.xlsx", by=coordinator, now=NOW)
    assert ([len(names(year)) for year in (2026, 2027, 2028)], lists.of_year(db.session, 2028).own) == (
        [24, 2, 2],
        False,
    )
    lists.replace(2028, IndicatorList(MINE.indicators[:1]), 0, "kla.csv", by=coordinator, now=NOW)
    assert [names(year) for year in (2027, 2028)] == [["1", "30"], ["1"]]
    entry = rows_of(AuditEntry)[0]
    assert (entry.action, entry.subject_name, entry.detail["indicators"]) == ("indicator_year.replaced", "2027", 2)


def test_two_users_do_not_replace_each_others_list(any_app, office, coordinator):
    lists.replace(2027, MINE, 0, "a.csv", by=coordinator, now=NOW)
    with pytest.raises(Stale):
        lists.replace(2027, MINE, 0, "b.csv", by=coordinator, now=NOW)
    lists.replace(2027, MINE, 1, "c.csv", by=coordinator, now=NOW)
    assert [(one.filename, one.version) for one in rows_of(IndicatorYear)] == [("c.csv", 2)]


def test_years_before_the_first_indicators_have_no_list(office):
    with pytest.raises(KlaYearMissing):
        lists.of_year(db.session, FIRST_YEAR - 1)
    with pytest.raises(KlaYearMissing):
        lists.replace(2200, MINE, 0, "a.csv", by=None, now=NOW)
    assert (lists.of_year(db.session, FIRST_YEAR).shipped, count(IndicatorYear)) == (True, 0)


def test_a_file_is_read_as_it_is_saved_by_a_spreadsheet():
    text = "# Sumber: Lembar, 2027\r\nkode;klaster;indikator;bukti\r\n7;II;Perkawinan anak, dan lainnya;surat, foto\r\n"
    for data in (b"\xef\xbb\xbf" + text.encode(), text.encode("cp1252"), text.encode("utf-16")):
        found = lists.opened(data, "C:\\kla.csv")
        assert [(one.code, one.name) for one in found.indicators] == [("7", "Perkawinan anak, dan lainnya")]
        assert found.source == "Lembar, 2027"
    with pytest.raises(NotASpreadsheet):
        lists.opened(b"%PDF-1.7;;;", "kla.csv")
    with pytest.raises(TableRefused):
        lists.opened(b"kode;nama\n1;x\n", "kla.csv")


def test_a_tag_whose_code_is_gone_stays_and_is_named(any_app, activity, coordinator):
    tag({activity.id: TagChange(add=frozenset({"1", "24"}))}, by=coordinator, now=NOW)
    assert list(pages.losing(2027, ["24"], now=NOW)) == ["24"]
    assert pages.losing(2028, ["24"], now=NOW) == {}
    lists.replace(2027, MINE, 0, "kla.csv", by=coordinator, now=NOW)
    page = pages.kla_year(2027, now=NOW)
    assert {code: [one.activity.id for one in some] for code, some in page.gone.items()} == {"24": [activity.id]}
    assert [one.activity.id for one in page.line("1").activities] == [activity.id]
    assert pages.of_activity(page.line("1").activities[0].activity).gone == ["24"]
