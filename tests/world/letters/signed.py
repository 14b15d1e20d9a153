"""Letters that were signed, as services/letters/returned.py leaves them, without signing each for real; and one as values."""

from datetime import date

from outreach.domain.documents import Letterhead, Signatory
from outreach.domain.kinds import LetterKind
from outreach.domain.letters.values import Addressee, AgendaLine, LetterState, LetterValues
from outreach.extensions import db
from outreach.models import Invitation, Letter
from outreach.services import files
from outreach.services.letters import make
from tests.world import NOW
from tests.world.letters.papers import LETTER, paper

NUMBER, DATED_ON = "400.2/7/2027", date(2027, 1, 5)
# A letter with all its parts.
FIVE = tuple(Addressee((f"Lurah {name}", "Kecamatan Metro Pusat")) for name in "ABCDE")
SAMPLE = LetterValues(
    kind=LetterKind.INVITATION,
    subject="Undangan",
    addressees=(Addressee(("Ibu Sri Wahyuni, S.H.", "Lurah Metro")), Addressee(("Kapolres Metro",))),
    opening="Sehubungan dengan kegiatan Rapat koordinasi, kami mengundang Bapak/Ibu pada:",
    facts=(("hari/tanggal", "Senin, 18 Januari 2027"), ("waktu", "pukul 08.00 WIB s.d. selesai"), ("tempat", "Aula")),
    closing="Demikian undangan ini.\n\nTerima kasih.",
    code="K7QF3MXD92WA",
    check_url="https://undangan.example.com/l/K7QF-3MXD-92WA",
    place="Metro",
    dated_on=date(2027, 1, 4),
    number="005/12/2027",
    nature="Segera",
    attachments="satu berkas",
    destination="di Tempat",
    signatory=Signatory("Kepala Dinas", "Nama Contoh", "Pembina Utama Muda", "NIP", "19700101 199001 1 001"),
    copies=("Wali Kota Metro", "Arsip"),
    agenda=(AgendaLine("08.00 – 09.00", "Pembukaan", "Ani"), AgendaLine("09.00 – 10.00", "Rujukan", "Budi")),
    letterhead=Letterhead(("PEMERINTAH KOTA METRO", "DINAS CONTOH"), ("Jl. Contoh 1, Kota Metro",)),
)


def signed_letter(
    *invitations: Invitation, data: bytes = b"", kind: LetterKind = LetterKind.INVITATION, number: str = NUMBER,
    follows: Letter | None = None,
) -> Letter:  # fmt: skip
    """Store a letter to these invitations, or one that follows another, with a file that was accepted."""
    if follows is not None:
        letter = make.follow(follows.id, kind, reason="Aula dipakai", by=None, now=NOW)
    else:
        letter = make.make(kind, [invitation.id for invitation in invitations], by=None, now=NOW)
    letter = db.session.get(Letter, letter.id)
    letter.signed_file = files.keep(db.session, data or paper(LETTER), "surat.pdf", "application/pdf", by=None, now=NOW)
    letter.state, letter.number, letter.dated_on = LetterState.SIGNED, number, DATED_ON
    db.session.commit()
    return letter
