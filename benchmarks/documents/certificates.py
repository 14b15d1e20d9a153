"""What a certificate costs when five hundred are set in one press: each with its own name, number, code and QR code.

Two sorts in turn: an ordinary one, and one whose long texts have to be set smaller until they fit on the page.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

from benchmarks.results import Result, under
from outreach.delivery.documents import certificates
from outreach.delivery.documents.typeset import Press, press
from outreach.domain.certificates import DEFAULT_BLOCKS, CertificateValues
from outreach.domain.documents import Letterhead, Signatory, new_code, shown_code
from outreach.domain.kinds import CertificateKind

CERTIFICATES, PORTION = 500, 50
WITHIN_US = 20_000.0
AT = datetime(2027, 1, 19, 1, tzinfo=UTC)
TEXTS = DEFAULT_BLOCKS[CertificateKind.SPEAKER]
ORDINARY = CertificateValues(
    kind=CertificateKind.SPEAKER,
    number="",
    code="",
    check_url="",
    name="",
    heading=TEXTS.heading,
    lead=TEXTS.lead,
    opening=TEXTS.opening,
    activity="Sosialisasi pencegahan kekerasan terhadap perempuan dan anak",
    closing="yang diselenggarakan oleh Kantor pada Senin, 18 Januari 2027, pukul 08.00 s.d. 12.00 WIB, di Aula Kantor.",
    dated_on=date(2027, 1, 19),
    topics=("Mengenali tanda kekerasan",),
    place="Metro",
    signatory=Signatory("Kepala Dinas", "Nama Contoh, S.E.", "Pembina Utama Muda", "NIP", "19700101 199501 1 001"),
    letterhead=Letterhead(("PEMERINTAH KOTA METRO", "DINAS CONTOH"), ("Jl. Contoh 1, Kota Metro",)),
)
LONG = replace(
    ORDINARY, activity=f"{ORDINARY.activity} " * 3, topics=tuple(f"Materi {number} " * 9 for number in "123")
)


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results. folder: not used."""
    say(f"setting {CERTIFICATES} certificates in one press")
    with press() as on:
        _took_us(on, ORDINARY, 0)  # the first ones also load fonts
        starts = range(PORTION, CERTIFICATES + PORTION, PORTION)
        ordinary, long = (
            median(some)
            for some in zip(
                *((_took_us(on, ORDINARY, start), _took_us(on, LONG, start)) for start in starts), strict=True
            )
        )
    return under(
        "nothing is written to disk; one process and its child, one page, PDF/A-2b",
        [
            Result(f"a certificate, of {CERTIFICATES} in one press (µs)", ordinary, "µs", WITHIN_US, ordinary / WITHIN_US, 1.0,
                   ordinary < WITHIN_US),
            Result("… with long texts, set smaller to fit", long, "µs", WITHIN_US, long / WITHIN_US),
        ],
    )  # fmt: skip


def _took_us(on: Press, sort: CertificateValues, start: int) -> float:
    began = time.perf_counter()
    for number in range(start, start + PORTION):
        code = new_code()
        values = replace(
            sort, code=code, number=f"{number:03}/SERT/2027", name=f"Siti Rahmawati {number}, S.H.",
            check_url=f"https://undangan.example.com/s/{shown_code(code)}",
        )  # fmt: skip
        data = on.pdf(certificates.files_of(values, office="Kantor"), at=AT)
        if not data.startswith(b"%PDF-"):
            raise RuntimeError("No PDF")
    return (time.perf_counter() - began) / PORTION * 1e6
