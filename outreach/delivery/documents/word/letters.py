"""Letters as .docx: for who finishes them in Word, and as konsep for Srikandi.

Srikandi puts its own values where a konsep has variables such as ${nomor_naskah}. Each stands in it once, unbroken in one run.
"""

import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

import pypdfium2
import segno

from outreach.delivery.documents import letters as typeset_letters
from outreach.delivery.documents.typeset import MAIN, CharacterWithoutFont, TemplateTooSlow, press
from outreach.delivery.documents.word import form as shipped_form
from outreach.delivery.documents.word.process import QR_NAME
from outreach.delivery.documents.word.render import WordDocument, render
from outreach.domain.documents import day_of, shown_code
from outreach.domain.letters.values import LIST_ATTACHED, NO_FEE, LetterValues
from outreach.domain.problems import Problem

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
VARIABLES: Mapping[str, str] = {
    "nomor": "${nomor_naskah}",
    "tanggal": "${tanggal_naskah}",
    "sifat": "${sifat}",
    "hal": "${hal}",
    "jabatan": "${jabatan_pengirim}",
    "ttd": "${ttd_pengirim}",
    "nama": "${nama_pengirim}",
    "nip": "${nip_pengirim}",
}  # what a template calls it: what Srikandi calls it
OPEN = "………………………"  # for what the letter does not have yet
REPEATED = "lihat halaman pertama"  # until Word has repeated Srikandi's number and date
SURELY_FITS = 28  # letters that a line of the letterhead has room for beside the emblem, however wide they are
EMBLEM_MM = 20.0
EMBLEM_PPI = 300.0
EMBLEM_ALONE = (
    b'#set page(width: auto, height: auto, margin: 0pt, fill: none)\n#image(bytes(json("picture.json")), width: 20mm)'
)
_NOT_XML = re.compile(
    r"[^\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]|[\u202a-\u202e\u2066-\u2069]"
)


class VariableNotOnce(Problem):
    message = "“{{ %(name)s }}” must stand in the template once, outside headers and footers. It stands there %(count)s times."
    field = "form"


class LetterCodeMissing(Problem):
    message = "The template must show “{{ %(name)s }}”, on each page if possible: in its footer."
    field = "form"


def word(
    values: LetterValues, *, office: str, zone: str, at: datetime, emblem: bytes = b"", form: bytes = b""
) -> WordDocument:
    """Return the letter for Word.

    office: its short name, the document's author. zone: for the agenda's heading. emblem: PNG or JPEG. form: the office's own
    template, empty for the one that is shipped. Raise a Problem of render.py.
    """
    return _document(values, _words(_broken_as_in_pdf(values, at, emblem), zone), office, at, emblem, form)


def konsep(
    values: LetterValues, *, office: str, zone: str, at: datetime, emblem: bytes = b"", form: bytes = b""
) -> WordDocument:
    """Return the letter as Srikandi's konsep. Raise a Problem of render.py, or VariableNotOnce."""
    words = _without_variables(_words(_broken_as_in_pdf(values, at, emblem), zone)) | VARIABLES
    made = _document(values, words | {"nomor_ulang": REPEATED, "tanggal_ulang": REPEATED}, office, at, emblem, form)
    check_variables(made)
    return made


def check_variables(made: WordDocument) -> None:
    """Raise VariableNotOnce unless each of Srikandi's variables stands once in the document, unbroken in a run."""
    for name, variable in VARIABLES.items():
        count = sum(text.count(variable) for text in made.runs)
        elsewhere = sum(text.count(variable) for text in made.beside)
        if count != 1 or elsewhere:
            raise VariableNotOnce(name=name, count=count + elsewhere)


def check_form(form: bytes, *, full: LetterValues, bare: LetterValues, at: datetime) -> None:
    """Fill a template with a letter that has all parts, and one that has few. Raise a Problem if it cannot be used."""
    made = word(full, office="", zone="WIB", at=at, form=form)
    text = "".join(made.runs + made.beside)
    for name, shown in (("kode", shown_code(full.code)), ("tanpa_biaya", NO_FEE)):
        if shown not in text:
            raise LetterCodeMissing(name=name)
    for values in (full, bare):
        konsep(values, office="", zone="WIB", at=at, form=form)


def _document(
    values: LetterValues, words: Mapping[str, Any], office: str, at: datetime, emblem: bytes, form: bytes
) -> WordDocument:
    return render(
        form or shipped_form.shipped(),
        words,
        {"lambang": (known_picture(emblem, at), EMBLEM_MM)},
        replaced={QR_NAME: qr(values.check_url)},
        title=f"{_plain(values.subject)} {_plain(values.number)}".strip(),
        author=_plain(office),
        at=at,
    )


def _broken_as_in_pdf(values: LetterValues, at: datetime, emblem: bytes) -> LetterValues:
    """Return the letter with the long lines of its letterhead broken where the PDF breaks them."""
    head = values.letterhead
    if all(len(one) <= SURELY_FITS for one in head.lines):
        return values
    nothing = replace(
        values, subject="", addressees=values.addressees[:1], opening="", closing="", facts=(), agenda=(), copies=()
    )
    try:
        with press() as own:
            pdf = own.pdf(typeset_letters.files_of(nothing, draft=False, office="", zone="", emblem=emblem), at=at)
    except (CharacterWithoutFont, TemplateTooSlow):  # Word has fonts of its own, and breaks lines by itself
        return values
    with pypdfium2.PdfDocument(pdf) as document:
        printed = document[0].get_textpage().get_text_range()
    return replace(values, letterhead=replace(head, lines=tuple(_broken(one, printed) for one in head.lines)))


def _broken(line: str, printed: str) -> str:
    """Return a line with breaks where a page's text has them; as it is if the page does not have it."""
    words = line.split()
    found = re.search(r"(\s+)".join(map(re.escape, words)), printed)
    if found is None:
        return line
    between = ["\n" if "\n" in gap else " " for gap in found.groups()]
    return "".join(word + gap for word, gap in zip(words, [*between, ""], strict=True))


def _words(values: LetterValues, zone: str) -> dict[str, Any]:
    """Return the values by the names that templates use."""
    who = values.signatory
    number = values.number or OPEN
    dated = day_of(values.dated_on, weekday=False) if values.dated_on else OPEN
    return cleaned(
        {
            "kop": values.letterhead.lines,
            "alamat_kop": values.letterhead.address,
            "kota": values.place,
            "tanggal": dated,
            "tanggal_ulang": dated,
            "nomor": number,
            "nomor_ulang": number,
            "sifat": values.nature,
            "lampiran": values.attachments or "-",
            "hal": values.subject,
            "tujuan": ["\n".join(one.lines) for one in values.addressees],
            "daftar_terlampir": LIST_ATTACHED if values.lists_addressees else "",
            "di": values.destination,
            "pembuka": _paragraphs(values.opening),
            "keterangan": _groups(values.facts),
            "penutup": _paragraphs(values.closing),
            "jabatan": who.post,
            "ttd": "",
            "nama": who.name or OPEN,
            "pangkat": who.rank,
            "label_nip": who.number_label,
            "nip": who.number,
            "tembusan": values.copies,
            "susunan_acara": [
                {
                    "hari": line.day,
                    "hari_baru": bool(line.day) and (not before or before.day != line.day),
                    "waktu": line.time,
                    "acara": line.topic,
                    "narasumber": line.speakers,
                }
                for before, line in zip((None, *values.agenda), values.agenda, strict=False)
            ],
            "zona": zone,
            "kode": shown_code(values.code),
            "alamat_periksa": values.check_url,
            "tanpa_biaya": NO_FEE,
        }
    )


def _paragraphs(text: str) -> list[str]:
    return [part for part in re.split(r"\n\s*\n", text) if part.strip()]


def _groups(facts: Sequence[tuple[str, str]]) -> list[list[dict[str, str]]]:
    """Return the facts of each activity. The first label begins an activity."""
    begins = facts[0][0] if facts else ""
    numbers: list[int] = []
    for label, _text in facts:
        numbers.append((numbers[-1] if numbers else 0) + (label == begins))
    rows = [(number, {"label": label, "isi": text}) for number, (label, text) in zip(numbers, facts, strict=True)]
    return [[row for _number, row in group] for _number, group in groupby(rows, lambda one: one[0])]


def cleaned(value: Any) -> Any:
    """Return values in which no text has what a Word document cannot hold."""
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, Mapping):
        return {name: cleaned(one) for name, one in value.items()}
    return [cleaned(one) for one in value] if isinstance(value, (list, tuple)) else value


def _plain(text: str) -> str:
    """Return a text without what XML cannot hold, and without what docxtpl makes a page or a paragraph of."""
    return _NOT_XML.sub("", text.replace("\t", " "))


def _without_variables(value: Any) -> Any:
    """Return values in which nothing looks like a variable of Srikandi's. It reads the same."""
    if isinstance(value, str):
        return value.replace("${", "$\u2060{")  # a word joiner: no width, no break
    if isinstance(value, Mapping):
        return {name: _without_variables(one) for name, one in value.items()}
    return [_without_variables(one) for one in value] if isinstance(value, list) else value


def known_picture(data: bytes, at: datetime) -> bytes:
    """Return a picture as python-docx can read it: not each JPEG that a camera or a browser writes. Else typst draws it."""
    if not data or data.startswith(b"\x89PNG") or data[6:10] in (b"JFIF", b"Exif"):
        return data
    with press() as own:
        files = {MAIN: EMBLEM_ALONE, "picture.json": json.dumps(list(data)).encode()}
        return own.pictures(files, ppi=EMBLEM_PPI, at=at)[0]


def qr(text: str) -> bytes:
    """Return a QR code as PNG."""
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="png", border=2, scale=8)
    return picture.getvalue()
