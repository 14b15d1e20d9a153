"""Numbers of certificates, their texts, and how much of a name the check page shows."""

from datetime import date

import pytest

from outreach import codec
from outreach.domain import certificates, documents
from outreach.domain.certificates import (
    DEFAULT_BLOCKS,
    PLACEHOLDERS,
    ActivityOnCertificate,
    CertificateSettings,
    CertificateValues,
    NumberPatternWrong,
    NumberTooLong,
)
from outreach.domain.documents import Signatory
from outreach.domain.kinds import CertificateKind, Role
from tests.world import JAKARTA, at

ACTIVITY = ActivityOnCertificate(
    "Sosialisasi", at(18), at(18, 12), JAKARTA, venue="Aula", programme="Hari Anak", unit="DP3AP2KB"
)


def test_a_number_follows_the_offices_pattern():
    day = date(2027, 8, 19)
    assert certificates.number_of("{n}/SERT/{unit}/{year}", 7, day, "DP3AP2KB") == "007/SERT/DP3AP2KB/2027"
    assert certificates.number_of("400.2/{n}/{month}/{year}", 1234, day, "") == "400.2/1234/VIII/2027"
    with pytest.raises(NumberTooLong):
        certificates.number_of("{n}/{year}" + "x" * 160, 1, day, "")


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "SERT/{year}",
        "{n}/SERT",
        "{n}/{n}/{year}",
        "{n}/{year}/{nama}",
        "{n}/{year}}",
        "{n}/{{year}",
        "{n}/{year}/{}",
    ],
)
def test_a_pattern_by_which_a_number_could_be_given_twice_is_refused(pattern):
    with pytest.raises(NumberPatternWrong):
        certificates.check_pattern(pattern)


def test_every_shipped_text_is_in_order_and_says_what_when_and_where():
    for kind, blocks in DEFAULT_BLOCKS.items():
        for text in (blocks.heading, blocks.lead, blocks.opening, blocks.closing):
            documents.check_blocks(text, PLACEHOLDERS)
        assert certificates.text_of(blocks.closing, certificates.words_for(ACTIVITY)) == (
            "yang diselenggarakan oleh DP3AP2KB pada Senin, 18 Januari 2027, pukul 08.00 s.d. 12.00 WIB, di Aula."
        ), kind


def test_without_a_place_the_text_leaves_out_where():
    words = certificates.words_for(ActivityOnCertificate("Rapat", at(18), at(18, 12), JAKARTA, unit="Dinas"))
    said = certificates.text_of(DEFAULT_BLOCKS[CertificateKind.PARTICIPANT].closing, words)
    assert said.endswith("pukul 08.00 s.d. 12.00 WIB.")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Dr. Hj. Siti Rahmawati, S.H., M.H.", "S. R."),
        ("Sumiati", "S."),
        ("Nur Aini binti Ali", "N. A. B. A."),
        ("Émile Zola", "É. Z."),
        ("<script>alert(1)</script>", "S. A. 1. S."),
        ("", ""),
    ],
)
def test_the_check_page_shows_initials_only(name, shown):
    assert certificates.initials(name) == shown


def test_a_name_is_written_in_one_line_without_signs_that_cannot_be_seen():
    assert certificates.tidied("Siti\r\nBcc: x \u202eRahma\u200bwati\x00") == "Siti Bcc: x Rahmawati"


def test_cadres_and_participants_have_the_same_certificate_and_those_on_stage_their_own():
    assert [certificates.kind_of(role) for role in (Role.CADRE, Role.PARTICIPANT, Role.SPEAKER, Role.MODERATOR)] == [
        CertificateKind.PARTICIPANT, CertificateKind.PARTICIPANT, CertificateKind.SPEAKER, CertificateKind.MODERATOR,
    ]  # fmt: skip


def test_values_and_settings_are_the_same_after_they_were_stored():
    values = CertificateValues(
        CertificateKind.SPEAKER, "1/2027", "CNTH" * 3, "https://x.example/s/1", "Ani", "SERTIFIKAT", "kepada", "sebagai",
        "Sosialisasi", "pada", date(2027, 1, 19), topics=("Rujukan",), signatory=Signatory("Kepala"),
    )  # fmt: skip
    assert codec.from_json(CertificateValues, codec.to_json(values)) == values
    written = CertificateSettings(blocks={CertificateKind.SPEAKER: DEFAULT_BLOCKS[CertificateKind.SPEAKER]})
    assert codec.from_json(CertificateSettings, codec.to_json(written)) == written
