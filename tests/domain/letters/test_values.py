"""Letters as values: Indonesian dates and hours, codes, text blocks with placeholders, and what a correction says."""

from dataclasses import replace
from datetime import date

import pytest

from outreach import codec
from outreach.domain import documents
from outreach.domain.documents import StrayBlockBrace, UnknownBlockPlaceholder
from outreach.domain.letters import values as letters
from outreach.domain.letters.values import (
    ActivityOnLetter,
    Addressee,
    AgendaLine,
    EarlierLetter,
    LetterKind,
    LetterValues,
    SrikandiTexts,
    srikandi_metadata,
)
from tests.world.days import JAKARTA, at
from tests.world.letters.signed import SAMPLE as LETTER

ONE_DAY = ActivityOnLetter("Rapat koordinasi", at(18, 8), at(18, 12), JAKARTA, "Aula Bappeda, Metro")


def a_letter(**values):
    usual = {
        "kind": LetterKind.INVITATION, "subject": "Undangan", "addressees": (Addressee(("Kapolres Metro",)),),
        "opening": "Dengan hormat,", "facts": (), "closing": "Terima kasih.", "code": "K7QF3MXD92WA",
        "check_url": "https://undangan.example.com/l/K7QF-3MXD-92WA",
    }  # fmt: skip
    return LetterValues(**{**usual, **values})


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (date(2027, 1, 18), "Senin, 18 Januari 2027"),
        (date(2027, 1, 20), "Senin s.d. Rabu, 18 s.d. 20 Januari 2027"),
        (date(2027, 2, 2), "Senin s.d. Selasa, 18 Januari s.d. 2 Februari 2027"),
        (date(2028, 1, 1), "Senin s.d. Sabtu, 18 Januari 2027 s.d. 1 Januari 2028"),
    ],
)
def test_days_are_written_as_in_indonesian_letters(last, said):
    assert documents.days_of(date(2027, 1, 18), last) == said


def test_the_hour_ends_with_selesai_or_with_the_end_as_the_office_likes():
    hours = (at(18, 8), at(18, 12), JAKARTA)
    assert documents.hours_of(*hours, tells_end=False) == "pukul 08.00 WIB s.d. selesai"
    assert documents.hours_of(*hours, tells_end=True) == "pukul 08.00 s.d. 12.00 WIB"


def test_a_letter_for_two_activities_names_each_from_its_day_on():
    other = ActivityOnLetter("Sosialisasi", at(19, 13), at(19, 15), JAKARTA)
    assert letters.facts_of([ONE_DAY, other], tells_end=True) == (
        ("hari/tanggal", "Senin, 18 Januari 2027"),
        ("waktu", "pukul 08.00 s.d. 12.00 WIB"),
        ("tempat", "Aula Bappeda, Metro"),
        ("acara", "Rapat koordinasi"),
        ("hari/tanggal", "Selasa, 19 Januari 2027"),
        ("waktu", "pukul 13.00 s.d. 15.00 WIB"),
        ("acara", "Sosialisasi"),
    )


def test_a_speaker_reads_topic_and_turn():
    asked = ActivityOnLetter(
        "Rapat",
        at(18, 8),
        at(18, 12),
        JAKARTA,
        topics=("Perlindungan anak", "Rujukan"),
        turn=(at(18, 9), at(18, 10, 30)),
    )
    assert letters.facts_of([asked], tells_end=False)[-2:] == (
        ("materi", "Perlindungan anak; Rujukan"),
        ("giliran", "pukul 09.00 s.d. 10.30 WIB"),
    )


def test_a_postponed_activity_has_no_day_on_a_letter():
    waiting = ActivityOnLetter("Rapat", at(18, 8), at(18, 12), JAKARTA, time_known=False)
    assert letters.facts_of([waiting], tells_end=False) == (
        ("hari/tanggal", "akan diberitahukan kemudian"), ("acara", "Rapat"),
    )  # fmt: skip


def test_a_correction_says_what_the_changed_facts_were():
    before = letters.facts_of([ONE_DAY], tells_end=False)
    moved = ActivityOnLetter("Rapat koordinasi", at(19, 8), at(19, 12), JAKARTA, "Aula Bappeda, Metro")
    assert letters.changed_facts(before, letters.facts_of([moved], tells_end=False)) == (
        ("hari/tanggal", "semula Senin, 18 Januari 2027, menjadi Selasa, 19 Januari 2027"),
        *before[1:],
    )


def test_more_than_four_addressees_stand_in_an_attached_list():
    four = tuple(Addressee((f"Lurah {number}",)) for number in range(4))
    assert not a_letter(addressees=four).lists_addressees
    assert letters.attachments_of(a_letter(addressees=four)) == ""
    five = a_letter(addressees=(*four, Addressee(("Camat",))))
    assert five.lists_addressees
    assert letters.attachments_of(five) == "satu berkas"
    with_agenda = letters.replace(five, agenda=(AgendaLine("08.00 – 09.00", "Pembukaan"),))
    assert letters.attachments_of(with_agenda) == "dua berkas"


def test_a_code_is_read_however_it_is_typed():
    code = documents.new_code()
    assert len(set(code)) > 1
    assert documents.read_code(documents.shown_code(code)) == code
    assert documents.read_code(f" {documents.shown_code(code).lower()} ") == code
    assert documents.read_code(code[:-1]) == ""
    assert documents.read_code("O0I1-LLLL-UUUU") == ""  # letters that look like others are in no code
    assert documents.read_code("') OR 1=1 --") == ""


def test_placeholders_are_replaced_and_other_braces_are_told_with_their_line():
    first = EarlierLetter("005/12/2027", date(2027, 1, 4), "Undangan")
    words = letters.words_for([ONE_DAY], tells_end=False, earlier=first)
    assert documents.filled(
        "Kegiatan {acara} pada {hari_tanggal}; surat {nomor_awal} tanggal {tanggal_awal}.", words
    ) == ("Kegiatan Rapat koordinasi pada Senin, 18 Januari 2027; surat 005/12/2027 tanggal 4 Januari 2027.")
    assert documents.filled("Rangkaian {rangkaian} dimulai.", words) == "Rangkaian dimulai."
    with pytest.raises(UnknownBlockPlaceholder) as unknown:
        documents.check_blocks("Baris satu\n{acara} dan {siapa}", letters.PLACEHOLDERS)
    assert unknown.value.values == {"line": 2, "name": "{siapa}"}
    with pytest.raises(StrayBlockBrace) as stray:
        documents.check_blocks("Baris satu\n\n{acara", letters.PLACEHOLDERS)
    assert stray.value.values == {"line": 3}


def test_every_shipped_text_is_in_order():
    for kind in LetterKind:
        blocks = letters.DEFAULT_BLOCKS[kind]
        for text in (blocks.subject, blocks.opening, blocks.closing):
            documents.check_blocks(text, letters.PLACEHOLDERS)


def test_a_letter_is_the_same_after_it_was_stored():
    values = a_letter(dated_on=date(2027, 1, 4), agenda=(AgendaLine("08.00", "Pembukaan"),), facts=(("acara", "Rapat"),),
                      earlier=EarlierLetter("005", None, "Undangan"))  # fmt: skip
    assert codec.from_json(LetterValues, codec.to_json(values)) == values


def test_a_persons_name_can_be_taken_out_of_a_letter():
    values = a_letter(
        addressees=(Addressee(("Ibu Sri Wahyuni, S.H.", "Lurah")),),
        agenda=(AgendaLine("08.00", "Doa", "Sri Wahyuni, Ani"),),
    )
    without = letters.without_name(values, "Sri Wahyuni", "(erased)")
    assert without.addressees == (Addressee(("Ibu (erased), S.H.", "Lurah")),)
    assert without.agenda[0].speakers == "(erased), Ani"


def test_what_is_typed_into_srikandi_is_taken_from_letter_and_office():
    texts = SrikandiTexts("Biasa", "Segera", "400.2.4", {LetterKind.INVITATION: "Undangan"})
    assert dict(srikandi_metadata(LETTER, texts)) == {
        "Jenis naskah": "Undangan",
        "Sifat": "Biasa",
        "Urgensi": "Segera",
        "Klasifikasi": "400.2.4",
        "Hal": "Undangan",
        "Isi ringkas": "Undangan: Senin, 18 Januari 2027, pukul 08.00 WIB s.d. selesai, Aula",
        "Tujuan": "Ibu Sri Wahyuni, S.H., Lurah Metro\nKapolres Metro",
        "Tembusan": "Wali Kota Metro\nArsip",
    }


@pytest.mark.parametrize(
    ("nature", "expected"),
    [
        ("Amat Segera", ("Biasa", "Amat Segera")),
        ("Rahasia", ("Rahasia", "Biasa")),
        ("Penting", ("Biasa", "Biasa")),
        ("", ("Biasa", "Biasa")),
    ],
)
def test_the_letters_one_word_for_both_is_put_where_srikandi_has_it(nature, expected):
    said = dict(srikandi_metadata(replace(LETTER, nature=nature), SrikandiTexts()))
    assert (said["Sifat"], said["Urgensi"]) == expected


def test_the_summary_names_each_of_several_activities():
    facts = (("hari/tanggal", "Senin"), ("acara", "Rapat"), ("hari/tanggal", "Selasa"), ("acara", "Sosialisasi"))
    said = dict(srikandi_metadata(replace(LETTER, facts=facts, kind=LetterKind.CORRECTION), SrikandiTexts()))
    assert said["Isi ringkas"] == "Undangan: Rapat, Senin; Sosialisasi, Selasa"
    assert said["Jenis naskah"] == "Surat Dinas"
    assert dict(srikandi_metadata(replace(LETTER, facts=()), SrikandiTexts()))["Isi ringkas"] == "Undangan"
