"""Official letters (surat dinas): their values, and the Indonesian forms in which dates, times and lists stand in them.

Pure functions from plain facts. A letter is always Indonesian, whatever language its writer's pages have.
services/letters/ reads the facts and stores letters, delivery/documents/ typesets them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from outreach.domain.directory import names
from outreach.domain.documents import Letterhead, Signatory, day_of, days_of, hours_of
from outreach.domain.kinds import LetterKind
from outreach.domain.states import LetterState
from outreach.domain.zones import zone_name

CHANGEABLE = frozenset({LetterState.DRAFT, LetterState.COMPOSED})  # nobody has signed it
STANDS = frozenset({LetterState.SIGNED})
WENT_OUT_SIGNED = STANDS | {LetterState.CORRECTED}  # a corrected letter still invites, together with its correction
MOST_ON_THE_LETTER = 4  # more addressees stand in a list that is attached
LIST_ATTACHED = "(daftar terlampir)"
# No fee is ever asked: every letter says it, whatever its texts are. Fraud in the office's name is common.
NO_FEE = (
    "Undangan dan kegiatan ini tidak dipungut biaya apa pun. Apabila ada pihak yang meminta pembayaran, "
    "mohon diabaikan dan dilaporkan kepada kami."
)
_NUMBERS = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh")
# Labels of the facts, in the order of a letter.
DAY, TIME, PLACE, EVENT, TOPIC, TURN = "hari/tanggal", "waktu", "tempat", "acara", "materi", "giliran"


@dataclass(frozen=True)
class Addressee:
    """Who a letter is for: the lines after "Yth.", such as a post and its organisation."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class AgendaLine:
    """A line of the attached agenda. day: empty on all lines if there is only one day."""

    time: str
    topic: str
    speakers: str = ""
    day: str = ""


@dataclass(frozen=True)
class EarlierLetter:
    """The letter that this one corrects or cancels, as it went out."""

    number: str
    dated_on: date | None
    subject: str


@dataclass(frozen=True)
class LetterValues:
    """All that a letter says, the same for every form in which it is composed.

    number, dated_on: empty until the letter has them. attachments: "" for none. facts: label and text; of several
    activities one after the other, each beginning with the same label. copies: who gets a copy (tembusan).
    code, check_url: where anybody can check the letter.
    """

    kind: LetterKind
    subject: str
    addressees: tuple[Addressee, ...]
    opening: str
    facts: tuple[tuple[str, str], ...]
    closing: str
    code: str
    check_url: str
    place: str = ""
    dated_on: date | None = None
    number: str = ""
    nature: str = ""
    attachments: str = ""
    destination: str = ""
    signatory: Signatory = field(default_factory=Signatory)
    copies: tuple[str, ...] = ()
    agenda: tuple[AgendaLine, ...] = ()
    letterhead: Letterhead = field(default_factory=Letterhead)
    earlier: EarlierLetter | None = None

    @property
    def lists_addressees(self) -> bool:
        """Return whether the addressees stand in an attached list, because there are too many for the letter."""
        return len(self.addressees) > MOST_ON_THE_LETTER


@dataclass(frozen=True)
class TextBlocks:
    """The texts of a kind of letter, with placeholders: {acara}. An empty line begins a new paragraph."""

    subject: str
    opening: str
    closing: str


@dataclass(frozen=True)
class SrikandiTexts:
    """What is typed into Srikandi beside the konsep. document_types: only kinds that differ from DOCUMENT_TYPES."""

    nature: str = "Biasa"
    urgency: str = "Biasa"
    classification: str = ""
    document_types: Mapping[LetterKind, str] = field(default_factory=dict)

    def document_type(self, kind: LetterKind) -> str:
        return self.document_types.get(kind) or DOCUMENT_TYPES[kind]


@dataclass(frozen=True)
class LetterSettings:
    """How the office writes its letters. blocks: only the kinds whose texts differ from DEFAULT_BLOCKS.

    tells_end: False for "pukul 08.00 WIB s.d. selesai". form: the template of its own, "" for the one that is shipped.
    word_form: the SHA-256 of the office's own template for Word, "" for the one that is shipped.
    """

    letterhead: Letterhead = field(default_factory=Letterhead)
    signatory: Signatory = field(default_factory=Signatory)
    place: str = ""
    nature: str = "Biasa"
    destination: str = "di Tempat"
    copies: tuple[str, ...] = ()
    tells_end: bool = False
    blocks: Mapping[LetterKind, TextBlocks] = field(default_factory=dict)
    form: str = ""
    word_form: str = ""
    srikandi: SrikandiTexts = field(default_factory=SrikandiTexts)

    def blocks_of(self, kind: LetterKind) -> TextBlocks:
        return self.blocks.get(kind) or DEFAULT_BLOCKS[kind]


@dataclass(frozen=True)
class ActivityOnLetter:
    """An activity as a letter names it. topics, turn: of the speaker who is asked, if the letter is for one.

    Instants are aware. time_known: False while it is postponed, so its day stands nowhere.
    """

    title: str
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    venue: str = ""
    topics: tuple[str, ...] = ()
    turn: tuple[datetime, datetime] | None = None
    time_known: bool = True


# What may stand between braces in a text block, and what it stands for.
PLACEHOLDERS = ("acara", "rangkaian", "hari_tanggal", "waktu", "tempat", "materi", "unit", "nomor_awal", "tanggal_awal",
                "hal_awal", "alasan")  # fmt: skip
DEFAULT_BLOCKS: Mapping[LetterKind, TextBlocks] = {
    LetterKind.INVITATION: TextBlocks(
        "Undangan",
        "Sehubungan dengan pelaksanaan kegiatan {acara}, kami mengundang Bapak/Ibu untuk hadir pada:",
        "Demikian undangan ini kami sampaikan. Atas perhatian dan kehadiran Bapak/Ibu, kami ucapkan terima kasih.",
    ),
    LetterKind.SPEAKER_REQUEST: TextBlocks(
        "Permohonan Narasumber",
        "Sehubungan dengan pelaksanaan kegiatan {acara}, kami memohon kesediaan Bapak/Ibu untuk menjadi narasumber pada:",
        "Demikian permohonan ini kami sampaikan. Atas perhatian dan kesediaan Bapak/Ibu, kami ucapkan terima kasih.",
    ),
    LetterKind.CORRECTION: TextBlocks(
        "Ralat {hal_awal}",
        "Menindaklanjuti surat kami nomor {nomor_awal} tanggal {tanggal_awal} hal {hal_awal}, dengan ini kami sampaikan "
        "perubahan sebagai berikut:",
        "Hal lain dalam surat tersebut tidak berubah. Kami mohon maaf atas perubahan ini. Atas perhatian Bapak/Ibu, "
        "kami ucapkan terima kasih.",
    ),
    LetterKind.CANCELLATION: TextBlocks(
        "Pemberitahuan Pembatalan",
        "Menindaklanjuti surat kami nomor {nomor_awal} tanggal {tanggal_awal} hal {hal_awal}, dengan ini kami beri tahukan "
        "bahwa kegiatan berikut dibatalkan:",
        "Kami mohon maaf atas pembatalan ini. Atas perhatian Bapak/Ibu, kami ucapkan terima kasih.",
    ),
}

# Of a letter that cancels another because all of its addressees are no longer invited. What it is about takes place.
WITHDRAWN = TextBlocks(
    "Pemberitahuan Pembatalan Undangan",
    "Menindaklanjuti surat kami nomor {nomor_awal} tanggal {tanggal_awal} hal {hal_awal}, dengan ini kami beri tahukan "
    "bahwa surat tersebut tidak berlaku lagi, sehingga Bapak/Ibu tidak perlu hadir pada:",
    "Kami mohon maaf atas perubahan ini. Atas perhatian Bapak/Ibu, kami ucapkan terima kasih.",
)

# Jenis naskah in Srikandi.
DOCUMENT_TYPES: Mapping[LetterKind, str] = {
    LetterKind.INVITATION: "Surat Undangan",
    LetterKind.SPEAKER_REQUEST: "Surat Dinas",
    LetterKind.CORRECTION: "Surat Dinas",
    LetterKind.CANCELLATION: "Surat Dinas",
}
URGENCIES = ("Biasa", "Segera", "Sangat Segera", "Amat Segera")
NATURES = ("Biasa", "Terbatas", "Rahasia", "Sangat Rahasia")


def facts_of(activities: Sequence[ActivityOnLetter], *, tells_end: bool) -> tuple[tuple[str, str], ...]:
    """Return what the letter says of its activities, each from its day on."""
    return tuple(fact for activity in activities for fact in _facts(activity, tells_end=tells_end))


def changed_facts(before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the facts after a change, for a correction: those that differ say what they were."""
    was = list(before)
    shown = []
    for label, text in after:
        old = next((fact for fact in was if fact[0] == label), None)
        if old is not None:
            was.remove(old)
        shown.append((label, text if old is None or old[1] == text else f"semula {old[1]}, menjadi {text}"))
    return tuple(shown)


def attachments_of(values: LetterValues) -> str:
    """Return the text of "Lampiran": how many documents are attached, "" if none."""
    count = bool(values.agenda) + values.lists_addressees
    return f"{_NUMBERS[count]} berkas" if count else ""


def srikandi_metadata(values: LetterValues, texts: SrikandiTexts) -> tuple[tuple[str, str], ...]:
    """Return what is typed into Srikandi beside the konsep: Srikandi's own labels, and the text for each.

    A letter has one word for both of Srikandi's fields, sifat and urgensi: "Segera" is an urgency, "Rahasia" is not.
    """
    return (
        ("Jenis naskah", texts.document_type(values.kind)),
        ("Sifat", values.nature if values.nature in NATURES[1:] else texts.nature),
        ("Urgensi", values.nature if values.nature in URGENCIES[1:] else texts.urgency),
        ("Klasifikasi", texts.classification),
        ("Hal", values.subject),
        ("Isi ringkas", _summary(values)),
        ("Tujuan", "\n".join(", ".join(one.lines) for one in values.addressees)),
        ("Tembusan", "\n".join(values.copies)),
    )


def words_for(
    activities: Sequence[ActivityOnLetter],
    *,
    tells_end: bool,
    programme: str = "",
    unit: str = "",
    earlier: EarlierLetter | None = None,
    reason: str = "",
) -> dict[str, str]:
    """Return the values of the placeholders. Of several activities, what differs stands in the facts only."""
    one = activities[0] if len(activities) == 1 else None
    of_one = dict(_facts(one, tells_end=tells_end)) if one else {}
    return {
        "acara": one.title if one else programme or _listed(activity.title for activity in activities),
        "rangkaian": programme,
        "hari_tanggal": of_one.get(DAY, ""),
        "waktu": of_one.get(TIME, ""),
        "tempat": of_one.get(PLACE, ""),
        "materi": of_one.get(TOPIC, ""),
        "unit": unit,
        "nomor_awal": earlier.number if earlier else "",
        "tanggal_awal": day_of(earlier.dated_on, weekday=False) if earlier and earlier.dated_on else "",
        "hal_awal": earlier.subject if earlier else "",
        "alasan": reason,
    }


def written(values: LetterValues, *, number: str, dated_on: date | None) -> LetterValues:
    """Return the letter with its number and date."""
    return replace(values, number=number.strip(), dated_on=dated_on)


def what_changed(before: LetterValues, after: LetterValues) -> tuple[str, ...]:
    """Return the names of the fields that differ between two versions."""
    return tuple(one.name for one in fields(LetterValues) if getattr(before, one.name) != getattr(after, one.name))


def without_name(values: LetterValues, name: str, put: str) -> LetterValues:
    """Return the letter without a person's name, who is an addressee or speaks on the agenda."""
    return replace(
        values,
        addressees=tuple(
            Addressee(tuple(names.without(line, name, put) for line in one.lines)) for one in values.addressees
        ),
        agenda=tuple(replace(line, speakers=names.without(line.speakers, name, put)) for line in values.agenda),
    )


def _facts(activity: ActivityOnLetter, *, tells_end: bool) -> Iterable[tuple[str, str]]:
    first, last = (at.astimezone(activity.zone).date() for at in (activity.starts_at, activity.ends_at))
    if activity.time_known:
        yield DAY, days_of(first, last)
        yield TIME, hours_of(activity.starts_at, activity.ends_at, activity.zone, tells_end=tells_end)
    else:
        yield DAY, "akan diberitahukan kemudian"
    if activity.venue:
        yield PLACE, activity.venue
    yield EVENT, activity.title
    if activity.topics:
        yield TOPIC, "; ".join(activity.topics)
    if activity.turn:
        begins, ends = (at.astimezone(activity.zone) for at in activity.turn)
        day = f"{day_of(begins.date())}, " if first != last else ""
        yield TURN, f"{day}pukul {begins:%H.%M} s.d. {ends:%H.%M} {zone_name(activity.zone)}"


def _summary(values: LetterValues) -> str:
    """Return "Undangan: Rapat koordinasi, Senin, 18 Januari 2027, pukul 08.00 WIB s.d. selesai, Aula Bappeda"."""
    begins = values.facts[0][0] if values.facts else ""
    activities: list[dict[str, str]] = []
    for label, text in values.facts:
        if label == begins:
            activities.append({})
        activities[-1][label] = text
    said = (", ".join(one[label] for label in (EVENT, DAY, TIME, PLACE) if label in one) for one in activities)
    return f"{values.subject}: {'; '.join(said)}" if activities else values.subject


def _listed(words: Iterable[str]) -> str:
    found = list(dict.fromkeys(words))
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} dan {found[-1]}"
