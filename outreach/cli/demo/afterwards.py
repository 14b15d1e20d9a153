"""What remains of last year's second day in the demo: feedback of those who were there, three drawn photos, a press text."""

import io
from datetime import datetime, timedelta
from random import Random

import sqlalchemy as sa
from PIL import Image, ImageDraw

from outreach.cli.demo.programme import Cast
from outreach.delivery import tokens
from outreach.domain.feedback import FEWEST, FeedbackAnswer
from outreach.domain.photos import PhotoAudience
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import ActivityPhoto, Attendance, Invitation, Person
from outreach.services.documentation import photos, press
from outreach.services.documentation.photos import UploadedPhoto
from outreach.services.documentation.press import PressValues
from outreach.services.feedback import give

ANSWERS = 15  # full groups only, so that none waits (services/feedback/give.py)
REMARKS = (
    "Materinya jelas, terima kasih.",
    "Waktu tanya jawab terlalu singkat.",
    "Ruangan agak panas setelah pukul sepuluh.",
    "Mohon paparan dibagikan sebelum acara.",
    "Contoh kasusnya sangat membantu kader.",
)
CAPTIONS = (
    "Aula disiapkan sebelum registrasi",
    "Papan tulis setelah diskusi kelompok",
    "Meja bahan bacaan untuk kader",
)
TITLE = "Lintas sektor perkuat perlindungan perempuan dan anak"
TEXT = (
    "Metro. Kepolisian, kejaksaan, sekolah, dan kader kelurahan bertemu untuk menyepakati alur rujukan.\n\n"
    "Peserta menyusun langkah bersama: ke mana warga melapor, siapa yang mendampingi, dan bagaimana kelurahan menindaklanjuti."
)


def remember(cast: Cast, activity_id: int, *, now: datetime) -> None:
    """Let those who were there give feedback, and a coordinator document the activity."""
    chosen = Random(7)
    came = db.session.scalars(
        sa.select(Person)
        .join(Invitation, Invitation.person_id == Person.id)
        .join(Attendance, Attendance.invitation_id == Invitation.id)
        .where(Invitation.activity_id == activity_id, Attendance.present, Invitation.state == InvitationState.COMING)
        .order_by(Invitation.id)
        .limit(ANSWERS)
    ).all()
    for number, person in enumerate(came[: len(came) // FEWEST * FEWEST]):
        values = tuple(chosen.choice((3, 4, 4, 5, 5)) for _question in range(3))
        remark = REMARKS[number // 3] if number % 3 == 0 else ""
        token = tokens.token(tokens.link_for(db.session(), person))
        give.give(token, activity_id, FeedbackAnswer(values, remark), now=now + number * timedelta(minutes=11))
    drawn = [UploadedPhoto(picture, "foto.jpg") for picture in (_hall(), _board(), _table())]
    photos.add(activity_id, drawn, by=cast.coordinator, now=now)
    ids = db.session.scalars(
        sa.select(ActivityPhoto.id).where(ActivityPhoto.activity_id == activity_id).order_by(ActivityPhoto.position)
    ).all()
    captions = dict(zip(ids, CAPTIONS, strict=True))
    photos.describe(activity_id, captions, by=cast.coordinator, now=now)
    text = PressValues(TITLE, TEXT, PhotoAudience.PRESENT)
    press.save(activity_id, text, 0, by=cast.coordinator, now=now)


def _canvas(wall: str, floor: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (1600, 1066), wall)
    drawing = ImageDraw.Draw(picture)
    drawing.rectangle((0, 760, 1600, 1066), fill=floor)
    return picture, drawing


def _hall() -> bytes:
    """Rows of empty chairs before a screen."""
    picture, drawing = _canvas("#dcd3c2", "#a98d6b")
    drawing.rectangle((520, 120, 1080, 470), fill="#f7f7f2", outline="#544a3d", width=10)
    for row in range(4):
        for seat in range(9 + row):
            left = 800 - (9 + row) * 62 + seat * 124
            top = 560 + row * 120
            drawing.rounded_rectangle((left, top, left + 96, top + 90), 14, fill=("#0b6b5d", "#12806f")[row % 2])
    return _jpeg(picture)


def _board() -> bytes:
    """A whiteboard with boxes and arrows."""
    picture, drawing = _canvas("#c7d6d3", "#7b8886")
    drawing.rectangle((200, 120, 1400, 820), fill="#fbfbf8", outline="#59605f", width=14)
    for number, colour in enumerate(("#c8553d", "#2d7dd2", "#f0a202", "#3a7d44")):
        left = 280 + number * 280
        drawing.rounded_rectangle((left, 300, left + 200, 440), 18, outline=colour, width=10)
        drawing.line((left + 20, 540, left + 180, 540), fill=colour, width=8)
        drawing.line((left + 20, 590, left + 140, 590), fill=colour, width=8)
        if number < 3:
            drawing.line((left + 205, 370, left + 272, 370), fill="#333333", width=8)
            drawing.polygon(((left + 278, 370), (left + 252, 352), (left + 252, 388)), fill="#333333")
    return _jpeg(picture)


def _table() -> bytes:
    """A table with piles of leaflets."""
    picture, drawing = _canvas("#e6ddd6", "#8d7f78")
    drawing.rectangle((160, 560, 1440, 640), fill="#6b4a2f")
    for leg in (220, 1330):
        drawing.rectangle((leg, 640, leg + 50, 980), fill="#573b25")
    for pile, colour in enumerate(("#7b2d8b", "#0b6b5d", "#d1495b", "#edae49", "#30638e")):
        for sheet in range(6 + pile % 3 * 3):
            left, top = 240 + pile * 235, 540 - sheet * 14
            drawing.rectangle((left, top, left + 160, top + 12), fill=colour if sheet % 2 else "#fdfdfd")
    return _jpeg(picture)


def _jpeg(picture: Image.Image) -> bytes:
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=88)
    return made.getvalue()
