"""Made-up names and phone numbers for nominees and representatives."""

from random import Random

FIRST = (
    "Sri", "Dewi", "Rina", "Fitri", "Yanti", "Ratna", "Wulan", "Lestari", "Indah", "Nur", "Agus", "Budi", "Hendra",
    "Joko", "Rudi", "Slamet", "Eko", "Andi", "Yudi", "Wahyu", "Made", "Teguh", "Bambang", "Siti", "Endang",
)  # fmt: skip
LAST = (
    "Wahyuni", "Lestari", "Pratiwi", "Handayani", "Rahayu", "Susanti", "Setiawan", "Santoso", "Hidayat", "Saputra",
    "Nugroho", "Kurniawan", "Wibowo", "Utomo", "Siregar", "Hasanah", "Marlina", "Purnomo", "Gunawan", "Firmansyah",
)  # fmt: skip


def made_up(draw: Random) -> str:
    return f"{draw.choice(FIRST)} {draw.choice(LAST)}"


def phone(draw: Random) -> str:
    """Return a mobile number in E.164."""
    return f"+62812{draw.randrange(10_000_000, 99_999_999)}"


def address_part(name: str) -> str:
    return name.lower().replace(" ", ".")
