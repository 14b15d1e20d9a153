"""The content of the demo: organisations, posts, halls and agendas of Kota Metro. No real names or addresses of people.

Times of day are local; calendar.py chooses the days.
"""

from dataclasses import dataclass
from datetime import time

from outreach.domain.answers import Choice
from outreach.domain.kinds import ActivityKind, CadreKind, Sector

CITY = "18.72"
OFFICE = "Dinas Pemberdayaan Perempuan, Perlindungan Anak, Pengendalian Penduduk dan Keluarga Berencana Kota Metro"


@dataclass(frozen=True)
class DemoOffice:
    key: str  # its address is <key>@example.com
    name: str
    short_name: str
    sector: Sector


@dataclass(frozen=True)
class DemoSpeaker:
    """A speaker or moderator, known only by post."""

    key: str
    post: str
    office: str = ""  # the key of a DemoOffice


@dataclass(frozen=True)
class Hall:
    name: str
    address: str
    seats: int
    kelurahan: str  # code


@dataclass(frozen=True)
class DemoTalk:
    topic: str
    speaker: str  # the key of a DemoSpeaker


@dataclass(frozen=True)
class DemoDay:
    kind: ActivityKind
    title: str
    public_title: str
    hall: str
    talks: tuple[DemoTalk, ...]
    description: str
    bring: str = "Alat tulis"
    moderator: str = "kabid.ppa"
    closing: str = "Penutup"
    offices: tuple[str, ...] = ()  # keys; each has a quota of two
    cadres: CadreKind | None = None
    cadre_count: int = 0


OFFICES = (
    DemoOffice("bappeda", "Badan Perencanaan Pembangunan Daerah Kota Metro", "Bappeda", Sector.GOVERNMENT),
    DemoOffice("disdikbud", "Dinas Pendidikan dan Kebudayaan Kota Metro", "Disdikbud", Sector.GOVERNMENT),
    DemoOffice("dinkes", "Dinas Kesehatan Kota Metro", "Dinkes", Sector.HEALTH),
    DemoOffice("dinsos", "Dinas Sosial Kota Metro", "Dinsos", Sector.GOVERNMENT),
    DemoOffice("disdukcapil", "Dinas Kependudukan dan Pencatatan Sipil Kota Metro", "Disdukcapil", Sector.GOVERNMENT),
    DemoOffice("kominfo", "Dinas Komunikasi dan Informatika Kota Metro", "Diskominfo", Sector.GOVERNMENT),
    DemoOffice("satpolpp", "Satuan Polisi Pamong Praja Kota Metro", "Satpol PP", Sector.GOVERNMENT),
    DemoOffice("kesbangpol", "Badan Kesatuan Bangsa dan Politik Kota Metro", "Kesbangpol", Sector.GOVERNMENT),
    DemoOffice("polres", "Kepolisian Resor Metro", "Polres Metro", Sector.POLICE),
    DemoOffice("kejari", "Kejaksaan Negeri Metro", "Kejari Metro", Sector.PROSECUTOR),
    DemoOffice("kodim", "Komando Distrik Militer 0411/Metro", "Kodim 0411", Sector.MILITARY),
    DemoOffice("gow", "Gabungan Organisasi Wanita Kota Metro", "GOW", Sector.WOMEN),
    DemoOffice("tp.pkk", "TP PKK Kota Metro", "TP PKK", Sector.WOMEN),
)
WOMEN = (
    DemoOffice("muslimat", "Muslimat NU Kota Metro", "Muslimat NU", Sector.WOMEN),
    DemoOffice("aisyiyah", "Aisyiyah Kota Metro", "Aisyiyah", Sector.WOMEN),
    DemoOffice("wki", "Wanita Katolik Kota Metro", "Wanita Katolik", Sector.WOMEN),
    DemoOffice("dharmawanita", "Dharma Wanita Persatuan Kota Metro", "DWP", Sector.WOMEN),
    DemoOffice("fkub", "Forum Kerukunan Umat Beragama Kota Metro", "FKUB", Sector.FAITH),
    DemoOffice("kemenag", "Kantor Kementerian Agama Kota Metro", "Kemenag", Sector.FAITH),
)
SCHOOLS = tuple(
    DemoOffice(f"smp{number}", f"SMP Negeri {number} Metro", f"SMPN {number}", Sector.SCHOOL) for number in range(1, 11)
) + tuple(
    DemoOffice(f"sma{number}", f"SMA Negeri {number} Metro", f"SMAN {number}", Sector.SCHOOL) for number in range(1, 7)
)

POSTS = (
    DemoSpeaker("kepala.dinas", "Kepala DP3AP2KB Kota Metro"),
    DemoSpeaker("kabid.ppa", "Kepala Bidang PPA DP3AP2KB Kota Metro"),
    DemoSpeaker("kapolres", "Kapolres Metro", "polres"),
    DemoSpeaker("kajari", "Kepala Kejaksaan Negeri Metro", "kejari"),
    DemoSpeaker("kanit.ppa", "Kanit PPA Polres Metro", "polres"),
    DemoSpeaker("psikolog", "Psikolog UPTD PPA Kota Metro"),
    DemoSpeaker("kadis.dikbud", "Kepala Dinas Pendidikan dan Kebudayaan Kota Metro", "disdikbud"),
    DemoSpeaker("jaksa", "Jaksa Fungsional Kejaksaan Negeri Metro", "kejari"),
    DemoSpeaker("ketua.pkk", "Ketua TP PKK Kota Metro", "tp.pkk"),
    DemoSpeaker("penyuluh", "Penyuluh Agama Kantor Kementerian Agama Kota Metro", "kemenag"),
    DemoSpeaker("danramil", "Danramil Metro", "kodim"),
    DemoSpeaker(
        "danramil.trimurjo", "Danramil Trimurjo", "kodim"
    ),  # invited to nothing: could come in the other's place
    DemoSpeaker("fasilitator.puspaga", "Fasilitator Puspaga Kota Metro"),
    DemoSpeaker("fasilitator.patbm", "Fasilitator PATBM Kota Metro"),
    DemoSpeaker("fasilitator.anak", "Fasilitator Forum Anak Kota Metro"),
)

HALLS = (
    Hall("Aula Bappeda Kota Metro", "Jl. A.H. Nasution, Metro", 120, "18.72.01.1003"),
    Hall("Gedung Sessat Agung Bumi Sai Wawai", "Jl. Jenderal Sudirman, Metro", 300, "18.72.01.1003"),
    Hall("Aula Disdikbud Kota Metro", "Jl. Veteran, Metro", 80, "18.72.01.1004"),
    Hall("Wisma Haji Al-Khairiyah Metro", "Jl. Raden Intan, Metro", 100, "18.72.01.1005"),
)

DAYS = (
    DemoDay(
        ActivityKind.COORDINATION,
        "Rapat koordinasi lintas sektor perlindungan perempuan dan anak",
        "Rapat koordinasi lintas sektor",
        "Aula Bappeda Kota Metro",
        (
            DemoTalk("Arah kebijakan perlindungan perempuan dan anak", "kepala.dinas"),
            DemoTalk("Pencegahan dan alur pelaporan", "kapolres"),
            DemoTalk("Penuntutan dan hak korban", "kajari"),
        ),
        "Menyamakan peran setiap instansi dan alur rujukan di Kota Metro.",
        offices=tuple(office.key for office in OFFICES),
    ),
    DemoDay(
        ActivityKind.TRAINING,
        "Penguatan kader PATBM",
        "Pertemuan kader kelurahan",
        "Wisma Haji Al-Khairiyah Metro",
        (
            DemoTalk("Deteksi dini di lingkungan tempat tinggal", "kanit.ppa"),
            DemoTalk("Dukungan psikologis awal", "psikolog"),
        ),
        "Latihan bagi kader dari seluruh kelurahan.",
        bring="Buku catatan kader",
        cadres=CadreKind.PATBM,
        cadre_count=49,
    ),
    DemoDay(
        ActivityKind.TRAINING,
        "Sekolah aman: alur rujukan dan peran guru BK",
        "Pertemuan kepala sekolah dan guru BK",
        "Aula Disdikbud Kota Metro",
        (
            DemoTalk("Surat edaran dan alur rujukan sekolah", "kadis.dikbud"),
            DemoTalk("Anak dan hukum", "jaksa"),
        ),
        "Untuk kepala sekolah dan guru BK. Anggota Forum Anak hadir dengan persetujuan orang tua.",
        bring="Surat persetujuan orang tua bagi anggota Forum Anak",
        offices=tuple(school.key for school in SCHOOLS),
    ),
    DemoDay(
        ActivityKind.OUTREACH,
        "Organisasi perempuan dan tokoh masyarakat: rencana tindak lanjut",
        "Pertemuan organisasi perempuan dan tokoh masyarakat",
        "Gedung Sessat Agung Bumi Sai Wawai",
        (
            DemoTalk("Ketahanan keluarga", "ketua.pkk"),
            DemoTalk("Peran tokoh agama", "penyuluh"),
            DemoTalk("Peran Babinsa di kelurahan", "danramil"),
        ),
        "Menyusun rencana tindak lanjut sampai ke kelurahan.",
        closing="Rencana tindak lanjut dan penutup",
        offices=("gow", "tp.pkk", *(office.key for office in WOMEN)),
    ),
)

# The agenda of one half day around its talks: registration at 07.30, end at 12.00.
OPENS, STARTS, ENDS = time(7, 30), time(8, 0), time(12, 0)
BEFORE_TALKS = ((time(8, 0), time(8, 30), "Pembukaan, Indonesia Raya, doa"), (time(8, 30), time(9, 0), "Sambutan"))
TALK_TIMES = {
    2: ((time(9, 0), time(10, 0)), (time(10, 15), time(11, 15))),
    3: ((time(9, 0), time(9, 40)), (time(9, 40), time(10, 15)), (time(10, 30), time(11, 15))),
}
BREAK = {2: (time(10, 0), time(10, 15)), 3: (time(10, 15), time(10, 30))}
DISCUSSION, CLOSING = (time(11, 15), time(11, 45)), (time(11, 45), time(12, 0))

COMMUNITY_KIND = ActivityKind.OUTREACH
COMMUNITY_TITLE = "Sosialisasi perlindungan perempuan dan anak di Kelurahan"
COMMUNITY_PUBLIC_TITLE = "Pertemuan warga di Kelurahan"
COMMUNITY_SEATS = 30
MORNING, AFTERNOON = (time(9, 0), time(11, 0)), (time(13, 30), time(15, 30))

# Nobody from these kelurahan has said yes: the coordinator should notice that.
UNCOVERED = ("18.72.02.1004", "18.72.03.1003", "18.72.05.1001")

# Answers that the demo always shows; chance chooses the others.
SETTLED_POSTS = {
    "Kapolres Metro": Choice.COMING,
    "Kepala Kejaksaan Negeri Metro": Choice.REPRESENTED,
    "Kepala DP3AP2KB Kota Metro": Choice.COMING,
    "Psikolog UPTD PPA Kota Metro": Choice.COMING,
    "Ketua TP PKK Kota Metro": Choice.COMING,
}
ASSISTANTS = {  # by post: name and the beginning of the address
    "kapolres": ("Rina Astuti", "ajudan.kapolres"),
    "danramil": ("Bayu Saputra", "ajudan.danramil"),
}
SILENT_POSTS = ("Danramil Metro",)
# The representative's post: an official is represented by the next in rank, a cadre by another volunteer.
STAND_IN_POSTS = {
    "Kepala DP3AP2KB Kota Metro": "Sekretaris DP3AP2KB Kota Metro",
    "Kepala Bidang PPA DP3AP2KB Kota Metro": "Kasi Perlindungan Anak",
    "Kapolres Metro": "Wakapolres Metro",
    "Kepala Kejaksaan Negeri Metro": "Kasi Intelijen Kejaksaan Negeri Metro",
    "Kanit PPA Polres Metro": "Penyidik Unit PPA Polres Metro",
    "Psikolog UPTD PPA Kota Metro": "Konselor UPTD PPA Kota Metro",
    "Kepala Dinas Pendidikan dan Kebudayaan Kota Metro": "Sekretaris Dinas Pendidikan dan Kebudayaan Kota Metro",
    "Jaksa Fungsional Kejaksaan Negeri Metro": "Kasi Pidana Umum Kejaksaan Negeri Metro",
    "Ketua TP PKK Kota Metro": "Wakil Ketua TP PKK Kota Metro",
    "Penyuluh Agama Kantor Kementerian Agama Kota Metro": "Kasi Bimas Islam Kantor Kementerian Agama Kota Metro",
    "Danramil Metro": "Babinsa Koramil Metro",
}
# The representative of the first post passes it on to the second one.
PASSED_ON = ("Kepala Kejaksaan Negeri Metro", "Kasi Pidana Umum Kejaksaan Negeri Metro")
VOLUNTEER_POSTS = (
    "Kader PKK", "Kader Posyandu", "Ketua RT", "Sekretaris RW", "Anggota PATBM", "Anggota Karang Taruna",
)  # fmt: skip
# The posts of nominees, by the organisation's sector.
NOMINEE_POSTS = {
    Sector.VILLAGE: ("Sekretaris Lurah", "Kasi Kesejahteraan Sosial", "Kasi Pemerintahan", "Staf Kasi Pembangunan"),
    Sector.DISTRICT: ("Sekretaris Camat", "Kasi Kesejahteraan Sosial", "Kasi Pemberdayaan Masyarakat"),
    Sector.SCHOOL: ("Kepala Sekolah", "Guru BK", "Wakil Kepala Sekolah Bidang Kesiswaan"),
    Sector.POLICE: ("Kasat Reskrim", "Kasat Binmas", "Penyidik Unit PPA"),
    Sector.PROSECUTOR: ("Kasi Pidana Umum", "Kasi Perdata dan Tata Usaha Negara", "Jaksa Fungsional"),
    Sector.MILITARY: ("Pasiter", "Danramil", "Bati Bakti TNI"),
    Sector.HEALTH: ("Kabid Kesehatan Masyarakat", "Kasi Kesehatan Keluarga", "Bidan Koordinator"),
    Sector.WOMEN: ("Ketua", "Sekretaris", "Ketua Bidang Sosial"),
    Sector.FAITH: ("Sekretaris", "Penyuluh Agama", "Anggota Pengurus"),
    Sector.GOVERNMENT: ("Sekretaris Dinas", "Kabid Pemberdayaan", "Kasubbag Umum", "Analis Kebijakan"),
}
