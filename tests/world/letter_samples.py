"""A letter with all its parts, as values, for tests that compose one."""

from datetime import date

from outreach.domain.letters import Addressee, AgendaLine, Letterhead, LetterKind, LetterValues, Signatory

FIVE = tuple(Addressee((f"Lurah {name}", "Kecamatan Metro Pusat")) for name in "ABCDE")
LETTER = LetterValues(
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
