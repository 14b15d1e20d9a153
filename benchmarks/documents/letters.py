"""What a letter costs when five hundred are set in one press: a letter with agenda, each with its own code and addressee.

Beside it, in turn and in the same process: a typst document of one line, which is what typst itself costs.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

from benchmarks.results import Result, under
from outreach.delivery.documents import letters
from outreach.delivery.documents.typeset import MAIN, Press, press
from outreach.domain.documents import Letterhead, Signatory, new_code, shown_code
from outreach.domain.letters.values import (
    DEFAULT_BLOCKS,
    Addressee,
    AgendaLine,
    LetterKind,
    LetterValues,
)

LETTERS, PORTION = 500, 50
WITHIN_US = 20_000.0
AT = datetime(2027, 1, 4, 1, tzinfo=UTC)
TEXTS = DEFAULT_BLOCKS[LetterKind.INVITATION]
LETTER = LetterValues(
    kind=LetterKind.INVITATION,
    subject=TEXTS.subject,
    addressees=(),
    opening=TEXTS.opening.replace("{acara}", "Rapat koordinasi lintas sektor"),
    facts=(
        ("hari/tanggal", "Senin, 18 Januari 2027"),
        ("waktu", "pukul 08.00 WIB s.d. selesai"),
        ("tempat", "Aula Kantor"),
    ),
    closing=TEXTS.closing,
    code="",
    check_url="",
    place="Metro",
    dated_on=date(2027, 1, 4),
    nature="Biasa",
    attachments="satu berkas",
    signatory=Signatory("Kepala Dinas", "Nama Contoh, S.E.", "Pembina Utama Muda", "NIP", "19700101 199501 1 001"),
    copies=("Wali Kota Metro", "Arsip"),
    agenda=tuple(AgendaLine(f"{hour:02}.00 – {hour:02}.45", f"Paparan {hour}", "Narasumber") for hour in range(8, 13)),
    letterhead=Letterhead(("PEMERINTAH KOTA METRO", "DINAS CONTOH"), ("Jl. Contoh 1, Kota Metro",)),
)


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results. folder: not used."""
    say(f"setting {LETTERS} letters in one press")
    with press() as on:
        _letters_us(on, 0)  # the first ones also load fonts
        took = [(_letters_us(on, start), _bare_us(on, start)) for start in range(PORTION, LETTERS + PORTION, PORTION)]
    letter, bare = (median(some) for some in zip(*took, strict=True))
    return under(
        "nothing is written to disk; one process and its child, two pages a letter, PDF/A-2b",
        [
            Result(f"a letter, of {LETTERS} in one press (µs)", letter, "µs", WITHIN_US, letter / WITHIN_US, 1.0,
                   letter < WITHIN_US),
            Result("… against a typst document of one line", letter, "µs", bare, letter / bare),
        ],
    )  # fmt: skip


def _letters_us(on: Press, start: int) -> float:
    began = time.perf_counter()
    for number in range(start, start + PORTION):
        code = new_code()
        values = replace(
            LETTER, code=code, number=f"005/{number}/2027", addressees=(Addressee((f"Kepala Kantor {number}",)),),
            check_url=f"https://undangan.example.com/l/{shown_code(code)}",
        )  # fmt: skip
        data = on.pdf(letters.files_of(values, draft=True, office="Kantor", zone="WIB"), at=AT)
        if not data.startswith(b"%PDF-"):
            raise RuntimeError("No PDF")
    return (time.perf_counter() - began) / PORTION * 1e6


def _bare_us(on: Press, start: int) -> float:
    began = time.perf_counter()
    for number in range(start, start + PORTION):
        on.pdf({MAIN: f"Baris {number}".encode()}, at=AT)
    return (time.perf_counter() - began) / PORTION * 1e6
