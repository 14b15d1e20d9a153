"""The fixed list of placeholders for texts. It checks a text's placeholders and fills in the recipient's values.

{name} is simply replaced; a text is never template code. Each placeholder has an English and an Indonesian name.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l

from outreach.delivery.words import formats
from outreach.domain.directory import phones
from outreach.domain.problems import Problem

TOKEN = re.compile(r"\{([^{}\n]*)\}")
_URL = re.compile(r"https?://[^\s<>\"{}]*[^\s<>\"{}.,;:!?)]")
CONTACTS = frozenset({"contact", "contact_phone"})
_SEPARATORS = (", ", " – ", " - ", " · ", " ")


@dataclass(frozen=True)
class Placeholder:
    name: str
    indonesian: str
    meaning: object  # a sentence in the user's language
    in_subject: bool = False  # reveals no more than the neutral public title
    is_link: bool = False
    is_list: bool = False  # its value has one line per table row, "label: text"
    is_word: bool = False  # our own word, so it gets a capital at the start of a line

    @property
    def written(self) -> str:
        """Return how it is written in a text, with its name in the current language."""
        return f"{{{self.indonesian if formats.language() == 'id' else self.name}}}"


@dataclass(frozen=True)
class TextPart:
    """A part of a filled line. link: it is a link; to `href`, or to its own text if that is empty."""

    text: str
    link: bool = False
    href: str = ""


PLACEHOLDERS = (
    Placeholder("activity", "kegiatan", _l("the activity's neutral public title"), in_subject=True),
    Placeholder("full_title", "acara", _l("the activity's full title, where it is not the neutral one")),
    Placeholder("programme", "rangkaian", _l("the programme's neutral public title"), in_subject=True),
    Placeholder("in_days", "berapa_hari_lagi", _l("how far off it is on the day of sending: “tomorrow”, “in 3 days”"),
                in_subject=True, is_word=True),
    Placeholder("day_date", "hari_tanggal", _l("weekday and date"), in_subject=True),
    Placeholder("start", "mulai", _l("when it starts"), in_subject=True),
    Placeholder("end", "selesai", _l("when it ends"), in_subject=True),
    Placeholder("zone", "zona", _l("the time zone: WIB, WITA or WIT"), in_subject=True),
    Placeholder("time", "waktu", _l("from when to when, with the time zone"), in_subject=True),
    Placeholder("when", "hari_waktu", _l("day and time in one"), in_subject=True),
    Placeholder("registration", "registrasi", _l("when registration opens")),
    Placeholder("venue", "tempat", _l("the venue and its address")),
    Placeholder("map", "peta", _l("a link to a map, where the venue's position is known"), is_link=True),
    Placeholder("things", "bawaan", _l("what to bring")),
    Placeholder("name", "nama", _l("the reader's name with titles")),
    Placeholder("salutation", "jabatan_gelar_nama",
                _l("how a letter addresses the reader: name with titles, post and organisation")),
    Placeholder("office", "instansi", _l("the reader's organisation")),
    Placeholder("role", "peran", _l("as what they are invited: speaker, participant"), in_subject=True, is_word=True),
    Placeholder("cadre_kind", "jenis_kader", _l("the kind of cadre")),
    Placeholder("kelurahan", "kelurahan", _l("the reader's kelurahan")),
    Placeholder("topic", "materi", _l("the topics on which they speak")),
    Placeholder("minutes", "durasi", _l("how many minutes they speak")),
    Placeholder("slot", "giliran", _l("from when to when they speak")),
    Placeholder("quota", "kuota", _l("how many people the organisation may send")),
    Placeholder("deadline", "batas", _l("until when to answer")),
    Placeholder("materials_by", "batas_materi", _l("until when speakers' materials are wanted")),
    Placeholder("answer", "jawaban", _l("the answer given so far"), is_word=True),
    Placeholder("ask_again", "mohon_jawab", _l("after a move: the request to confirm the answer, or to give one")),
    Placeholder("representative", "wakil",
        _l("who comes in their place; of an organisation, the people that it sends and no mail reaches"),
    ),
    Placeholder("represents", "mewakili", _l("the person that the reader represents")),
    Placeholder("invitee", "yang_diundang",
                _l("who is invited: the reader, or the person whose adjutant or secretary the reader is")),
    Placeholder("link", "tautan", _l("the reader's own page"), is_link=True),
    Placeholder("link_yes", "tautan_hadir", _l("the same page with “Coming” chosen"), is_link=True),
    Placeholder("link_no", "tautan_tidak", _l("the same page with “Not coming” chosen"), is_link=True),
    Placeholder("link_rep", "tautan_wakil", _l("the same page with “Represented” chosen"), is_link=True),
    Placeholder("contact", "narahubung", _l("the person to call, with the number")),
    Placeholder("contact_name", "cp_nama", _l("the person to call")),
    Placeholder("contact_phone", "cp_telp", _l("the number to call")),
    Placeholder("unit", "unit", _l("the office's short name"), in_subject=True),
    Placeholder("what_changed", "apa_berubah", _l("what has changed: time, place"), in_subject=True, is_word=True),
    Placeholder("old_day_date", "hari_tanggal_lama", _l("weekday and date before the change"), in_subject=True),
    Placeholder("old_start", "mulai_lama", _l("when it would have started"), in_subject=True),
    Placeholder("old_end", "selesai_lama", _l("when it would have ended"), in_subject=True),
    Placeholder("old_when", "hari_waktu_lama", _l("day and time before the change"), in_subject=True),
    Placeholder("old_venue", "tempat_lama", _l("the venue before the change")),
    Placeholder("former", "yang_digantikan", _l("who no longer speaks or moderates")),
    Placeholder("substitute", "pengganti", _l("who speaks or moderates instead")),
    Placeholder("reason", "alasan", _l("the reason for the change, postponement or cancellation")),
    Placeholder("slots", "usulan_waktu", _l("the proposed times of a date poll, on a line of their own"), is_list=True),
    Placeholder("note", "catatan", _l("the note of a date poll")),
    Placeholder("tasks", "daftar_tugas", _l("the reader's tasks from meetings, on a line of their own"), is_list=True),
    Placeholder("tasks_due", "tugas_jatuh_tempo", _l("how many tasks are due soon, or overdue"), in_subject=True, is_word=True),
    Placeholder("helpline", "layanan_sapa", _l("the sentence that names the helpline SAPA 129")),
    Placeholder("n_present", "jumlah_hadir", _l("how many people were there")),
    Placeholder("n_kelurahan", "jumlah_kelurahan", _l("from how many kelurahan they came")),
)  # fmt: skip
# Of the WhatsApp texts for callers (call_texts.py): these two, and some of the others.
CALL_PLACEHOLDERS = (
    Placeholder(
        "asked", "daftar_kegiatan", _l("everything they are asked: title, day, time, venue and deadline"), is_list=True
    ),
    Placeholder("sender", "pengirim", _l("the caller's name, and the office")),
    *(one for one in PLACEHOLDERS if one.name in ("name", "salutation", "unit", "link", "contact")),
)
BY_NAME: Mapping[str, Placeholder] = {
    name: one for one in (*PLACEHOLDERS, *CALL_PLACEHOLDERS) for name in (one.indonesian, one.name)
}


class UnknownPlaceholder(Problem):
    message = "“%(name)s” is not a placeholder. Please choose one from the list of placeholders."


class NotInSubject(Problem):
    message = (
        "“%(name)s” may not stand in a subject, which strangers can read. "
        "Those that may are marked in the list of placeholders."
    )


class StrayBrace(Problem):
    message = "There is a brace without its partner near “%(near)s”. Placeholders look like %(example)s."


class ForbiddenCharacter(Problem):
    message = "The text contains a character that mails cannot carry (%(code)s). Please remove it."


class LineBreakInSubject(Problem):
    message = "This must be a single line. Please remove the line break."


def check(
    template: str, *, single_line: bool = False, subject: bool = False, field: str | None = None,
    known: Collection[Placeholder] = PLACEHOLDERS,
) -> None:  # fmt: skip
    """Raise a Problem if `template` cannot be sent. The problem names what is wrong.

    subject: the template is a subject: a single line, with only those placeholders that reveal nothing to strangers.
    known: the placeholders that the template may contain.
    """
    if (single_line or subject) and len(template.splitlines()) > 1:
        raise LineBreakInSubject(field=field)
    for character in template:
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} and character not in "\n\t":
            raise ForbiddenCharacter(field=field, code=f"U+{ord(character):04X}")
    for match in TOKEN.finditer(template):
        found = BY_NAME.get(match[1])
        if found is None or found not in known:
            raise UnknownPlaceholder(field=field, name=match[0])
        if subject and not found.in_subject:
            raise NotInSubject(field=field, name=match[0])
    rest = TOKEN.sub("", template)
    if stray := re.search(r"\S{0,12}[{}]\S{0,12}", rest):
        raise StrayBrace(field=field, near=stray[0], example=PLACEHOLDERS[0].written)


def names_in(template: str) -> set[str]:
    """Return the English names of a template's placeholders."""
    return {BY_NAME[m[1]].name for m in TOKEN.finditer(template) if m[1] in BY_NAME}


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return the template with its values. values: by English name.

    A line whose placeholders are all empty is left out. An empty one among others is removed with its separator.
    """
    lines = (fill_line(line, values) for line in template.splitlines())
    return "\n".join("".join(part.text for part in line) for line in lines if line is not None)


def fill_line(line: str, values: Mapping[str, str]) -> list[TextPart] | None:
    """Return one line's parts, or None if it has placeholders and all of them are empty."""
    tokens = list(_tokens(line))
    known = [t for t in tokens if isinstance(t, Placeholder)]
    if known and not any(clean(values.get(p.name, "")) for p in known):
        return None
    parts: list[TextPart] = []
    gap = False
    for token in tokens:
        if isinstance(token, Placeholder):
            value = clean(values.get(token.name, ""))
            if not value:
                gap = True
                parts = _without_separator(parts)
                continue
            begins = not parts or not "".join(p.text for p in parts).strip()
            value = value[0].upper() + value[1:] if token.is_word and begins else value
            parts += called(value, values) if token.name in CONTACTS else [TextPart(value, link=token.is_link)]
        else:
            text = _after_gap(token) if gap and not "".join(p.text for p in parts).strip() else token
            parts.extend(literal(text))
        gap = gap and not isinstance(token, str)
    return parts


def called(text: str, values: Mapping[str, str]) -> list[TextPart]:
    """Return a text with the contact's number as a link that a phone calls."""
    number = clean(values.get("contact_phone", ""))
    before, found, after = text.partition(number) if number else (text, "", "")
    try:
        href = f"tel:{phones.number(number)}" if found else ""
    except phones.PhoneInvalid:
        href = ""
    if not href:
        return [TextPart(text)]
    return [part for part in (TextPart(before), TextPart(found, link=True, href=href), TextPart(after)) if part.text]


def clean(value: object) -> str:
    """Return a value as one line of printable text, so no value brings line breaks or control characters into a mail."""
    text = str(value)
    if text.isprintable():  # its only kind of whitespace is then the ordinary space
        return " ".join(text.split())
    text = "".join(
        " " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text if unicodedata.category(c) != "Cs"
    )
    return " ".join(text.split())


def plain(value: object) -> str:
    """Return a value as text that can stand in a body itself: nothing in it is a placeholder or a label."""
    return clean(value).replace("{", "(").replace("}", ")").replace(": ", " – ")


def _tokens(line: str) -> Iterator[Placeholder | str]:
    end = 0
    for match in TOKEN.finditer(line):
        if match[1] not in BY_NAME:
            continue
        if match.start() > end:
            yield line[end : match.start()]
        yield BY_NAME[match[1]]
        end = match.end()
    if end < len(line):
        yield line[end:]


def literal(text: str) -> Iterator[TextPart]:
    """Yield the parts of a text without placeholders: what is an address in it is a link."""
    end = 0
    for match in _URL.finditer(text):
        if match.start() > end:
            yield TextPart(text[end : match.start()])
        yield TextPart(match[0], link=True)
        end = match.end()
    if end < len(text):
        yield TextPart(text[end:])


def _without_separator(parts: list[TextPart]) -> list[TextPart]:
    if not parts:
        return parts
    last = parts[-1].text
    for separator in _SEPARATORS:
        if last.endswith(separator):
            kept = last.removesuffix(separator)
            return parts[:-1] + ([TextPart(kept, parts[-1].link)] if kept else [])
    return parts


def _after_gap(text: str) -> str:
    for separator in _SEPARATORS:
        if text.startswith(separator):
            return text.removeprefix(separator)
    return text
