"""A list of indicators is read from a table, refused row by row, written and compared; codes of an activity are one text."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.kla.evidence import APPROVED, EvidenceFound, EvidenceGap, EvidenceKind
from outreach.domain.kla.indicators import (
    MOST_IN_A_CODE,
    MOST_IN_A_NAME,
    MOST_INDICATORS,
    MOST_TAGS,
    Indicator,
    IndicatorList,
    NoIndicators,
    TableRefused,
    TooManyIndicators,
    TooManyTags,
    codes_of,
    compare,
    read,
    separator,
    tags_of,
    written,
)
from outreach.domain.states import MinutesState

HEADINGS = ["kode", "klaster", "indikator", "bukti"]
LETTER, PHOTOS, MINUTES = EvidenceKind.LETTER, EvidenceKind.PHOTOS, EvidenceKind.MINUTES


def refused(*rows):
    with pytest.raises(TableRefused) as caught:
        read([HEADINGS, *rows])
    return [(type(one).__name__, one.values.get("row")) for one in caught.value.refused]


def test_rows_are_indicators_and_remarks_are_not():
    found = read(
        [
            ["# Sumber: Lembar 2027", "halaman 3"],  # a separator in the sentence cut it in two
            [None, "", None],
            ["Kode", "KLASTER", "Indikator ", "Bukti", "Catatan"],
            [7.0, "Klaster  II", "Perkawinan anak", "notula, Foto; surat", "abaikan"],
            ["# bukan indikator"],
            ["21a", "Klaster V", "Korban kekerasan", "-"],
        ]
    )
    assert found == IndicatorList(
        (
            Indicator("7", "Klaster II", "Perkawinan anak", (LETTER, PHOTOS, MINUTES)),
            Indicator("21a", "Klaster V", "Korban kekerasan"),
        ),
        "Lembar 2027 halaman 3",
    )


def test_each_wrong_row_is_named_with_its_number_as_the_spreadsheet_counts():
    assert refused(
        ["", "A", "x", ""],
        ["1.2.", "A", "x", ""],
        ["1" * (MOST_IN_A_CODE + 1), "A", "x", ""],
        ["7", "A", "x", "surat"],
        ["07", "A", "x", ""],  # would have the same folder
        ["8", "", "x", ""],
        ["9", "A", "", ""],
        ["10", "A", "x" * (MOST_IN_A_NAME + 1), ""],
        ["11", "A", "x", "surat, fotografi"],
    ) == [
        ("CodeMissing", 2), ("CodeOdd", 3), ("CodeOdd", 4), ("CodeTwice", 6), ("ClusterMissing", 7),
        ("IndicatorNameMissing", 8), ("IndicatorTextTooLong", 9), ("EvidenceUnknown", 10),
    ]  # fmt: skip


def test_the_longest_code_and_name_are_taken():
    row = ["1" * MOST_IN_A_CODE, "A", "x" * MOST_IN_A_NAME, ""]
    assert [one.code for one in read([HEADINGS, row]).indicators] == [row[0]]


def test_without_headings_or_rows_nothing_is_taken():
    with pytest.raises(TableRefused) as caught:
        read([["kode", "indikator"], ["1", "x"]])
    assert caught.value.refused[0].values == {"row": 1, "columns": "klaster, bukti"}
    with pytest.raises(NoIndicators):
        read([HEADINGS])


def test_a_list_has_so_many_indicators_and_no_more():
    rows = [[str(number), "A", "x", ""] for number in range(MOST_INDICATORS)]
    assert len(read([HEADINGS, *rows]).indicators) == MOST_INDICATORS
    with pytest.raises(TooManyIndicators):
        read([HEADINGS, *rows, ["900", "A", "x", ""]])


@pytest.mark.parametrize("sign", [";", ",", "\t"])
def test_the_heading_tells_what_separates_the_cells(sign):
    text = f'\n"# a, b, c, d"\n{sign.join(HEADINGS)}\n7{sign}A{sign}"x, y, z, dan w"{sign}"surat, foto"\n'
    assert separator(text) == sign
    [one] = read(csv.reader(text.splitlines(), delimiter=sign)).indicators
    assert (one.name, one.evidence) == ("x, y, z, dan w", (LETTER, PHOTOS))


words = st.text("ab =+-;,\"'#é", min_size=1, max_size=20).map(lambda text: " ".join(text.split())).filter(bool)
indicators = st.builds(
    Indicator,
    code=st.integers(1, 99).map(str),
    cluster=words,
    name=words,
    evidence=st.sets(st.sampled_from(EvidenceKind)).map(lambda kinds: tuple(k for k in EvidenceKind if k in kinds)),
)


@given(st.lists(indicators, min_size=1, max_size=8, unique_by=lambda one: one.code), words)
def test_what_is_written_is_read_back(some, source):
    values = IndicatorList(tuple(some), source)
    assert read(written(values)) == values


def test_a_new_list_is_compared_with_the_one_before():
    before = read([HEADINGS, ["1", "A", "sama", ""], ["2", "A", "lama", ""], ["3", "A", "x", ""], ["4", "A", "y", ""]])
    after = read(
        [HEADINGS, ["1", "A", "sama", ""], ["2", "A", "baru", "foto"], ["3", "B", "x", ""], ["5", "A", "z", ""]]
    )
    found = compare(before, after)
    assert ([one.code for one in found.new], [one.code for one in found.gone], found.same) == (["5"], ["4"], 1)
    assert [(old.name, new.name) for old, new in found.renamed] == [("lama", "baru")]
    assert [(old.cluster, new.cluster) for old, new in found.changed] == [("A", "B")]


def test_codes_are_one_text_in_the_order_of_their_numbers():
    assert tags_of(["21a", "7", "12", "21", "7"]) == "7, 12, 21, 21a"
    assert codes_of("7, 12") == ("7", "12")
    assert (codes_of(""), tags_of(())) == ((), "")
    assert len(codes_of(tags_of(list(map(str, range(MOST_TAGS)))))) == MOST_TAGS
    with pytest.raises(TooManyTags):
        tags_of(list(map(str, range(MOST_TAGS + 1))))


@pytest.mark.parametrize(("code", "folder"), [("7", "07"), ("24", "24"), ("7a", "07a"), ("A.1", "a.1"), ("123", "123")])
def test_folders_sort_as_their_numbers_do(code, folder):
    assert Indicator(code, "A", "x").folder == f"indikator-{folder}"


@pytest.mark.parametrize(
    ("kind", "found", "gap"),
    [
        (LETTER, EvidenceFound(), EvidenceGap.NO_LETTER),
        (LETTER, EvidenceFound(letters=2), EvidenceGap.LETTER_UNSIGNED),
        (LETTER, EvidenceFound(letters=2, signed_letters=1), EvidenceGap.LETTERS_UNSIGNED),
        (LETTER, EvidenceFound(letters=2, signed_letters=2), None),
        (EvidenceKind.ATTENDANCE, EvidenceFound(), EvidenceGap.NO_ATTENDANCE),
        (EvidenceKind.ATTENDANCE, EvidenceFound(present=9), EvidenceGap.LIST_UNSIGNED),
        (EvidenceKind.ATTENDANCE, EvidenceFound(lists=1), None),
        (MINUTES, EvidenceFound(), EvidenceGap.NO_MINUTES),
        (MINUTES, EvidenceFound(minutes=MinutesState.ASKED), EvidenceGap.MINUTES_OPEN),
        (EvidenceKind.REPORT, EvidenceFound(lists=1), EvidenceGap.REPORT_EMPTY),
        (EvidenceKind.REPORT, EvidenceFound(present=1), None),
        (EvidenceKind.PRESS, EvidenceFound(press=True), None),
        (EvidenceKind.CERTIFICATES, EvidenceFound(certificates=1), None),
    ],
)
def test_what_is_missing_is_named(kind, found, gap):
    assert found.gap(kind) is gap
    assert gap is None or gap.kind is kind


def test_approved_minutes_are_there():
    assert [EvidenceFound(minutes=state).gap(MINUTES) for state in APPROVED] == [None, None]
