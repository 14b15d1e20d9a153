"""The closed lists of words the product knows: roles, sectors, kinds of cadre, activity and mail, audiences, sources."""

from enum import StrEnum


class ActivityKind(StrEnum):
    COORDINATION = "coordination"  # rapat koordinasi
    TRAINING = "training"  # pelatihan, penguatan kapasitas
    OUTREACH = "outreach"  # sosialisasi
    GUIDANCE = "guidance"  # pembinaan
    OTHER = "other"


# What a mail's subject and a calendar call an activity that was given no public title: true, and telling a stranger nothing.
NEUTRAL_TITLES = {
    ActivityKind.COORDINATION: "Rapat koordinasi",
    ActivityKind.TRAINING: "Pelatihan",
    ActivityKind.OUTREACH: "Sosialisasi",
    ActivityKind.GUIDANCE: "Pembinaan",
    ActivityKind.OTHER: "Pertemuan",
}


class Role(StrEnum):
    SPEAKER = "speaker"
    MODERATOR = "moderator"
    PARTICIPANT = "participant"
    CADRE = "cadre"


class Sector(StrEnum):
    GOVERNMENT = "government"  # OPD
    POLICE = "police"
    PROSECUTOR = "prosecutor"
    MILITARY = "military"
    DISTRICT = "district"  # kecamatan
    VILLAGE = "village"  # kelurahan, desa
    SCHOOL = "school"
    WOMEN = "women"  # women's organisations
    FAITH = "faith"
    HEALTH = "health"
    OTHER = "other"


class CadreKind(StrEnum):
    PATBM = "patbm"
    PKK = "pkk"
    POSYANDU = "posyandu"
    FORUM_ANAK = "forum_anak"
    SATGAS_PPA = "satgas_ppa"
    OTHER = "other"


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"


class AnswerSource(StrEnum):
    LINK = "link"
    PHONE = "phone"
    WHATSAPP = "whatsapp"
    LETTER = "letter"
    IN_PERSON = "in_person"


class AttendanceSource(StrEnum):
    QR = "qr"
    HAND = "hand"
    PAPER = "paper"


class MailKind(StrEnum):
    """What a mail is about; ordered as the parts of a mail that says several things."""

    CANCELLATION = "cancellation"
    WITHDRAWAL = "withdrawal"
    CHANGE = "change"
    SEAT = "seat"
    INVITATION = "invitation"
    REMINDER = "reminder"
    THANKS = "thanks"


IMPORTANCE = list(MailKind)  # the first of them is what a mail that says several things is about


class Audience(StrEnum):
    """Who among an activity's invitations a reminder is for."""

    NEWLY_INVITED = "newly_invited"  # prepared, never written to
    UNANSWERED = "unanswered"
    COMING = "coming"  # those coming, or represented
    EXPECTED = "expected"  # not declined: unanswered, coming, waitlisted
    PRESENT = "present"
    ABSENT = "absent"  # said they would come, and were not there
    ONE = "one"  # a single invitation, named by the reminder


class RuleTiming(StrEnum):
    AT_PUBLISHING = "at_publishing"
    BEFORE_START = "before_start"
    AFTER_END = "after_end"


class LinkPurpose(StrEnum):
    ANSWER = "answer"


class StaffRole(StrEnum):
    ADMINISTRATOR = "administrator"
    COORDINATOR = "coordinator"
    VIEWER = "viewer"
