"""The enums of the product: roles, sectors, kinds of cadre, activity and mail, audiences, sources. Also the languages."""

from enum import StrEnum

LOCALES = {"id": "Bahasa Indonesia", "en": "English"}  # the languages of pages and mails


class ActivityKind(StrEnum):
    COORDINATION = "coordination"  # rapat koordinasi
    TRAINING = "training"  # pelatihan, penguatan kapasitas
    OUTREACH = "outreach"  # sosialisasi
    GUIDANCE = "guidance"  # pembinaan
    OTHER = "other"


# The title in mail subjects and calendars for an activity without a public title: true, but tells a stranger nothing.
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


ON_STAGE = frozenset({Role.SPEAKER, Role.MODERATOR})  # roles that are booked as speakers are


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


class HolderKind(StrEnum):
    """As what somebody holds a post, the most temporary one first: of several on one day, the first one holds it."""

    DAILY_ACTING = "plh"  # pelaksana harian: while the holder is away for some days
    ACTING = "plt"  # pelaksana tugas: until a new holder is appointed
    DEFINITIVE = "definitive"


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"


class AgeGroup(StrEnum):
    """Ages by which the ministry counts people (its SIMFONI PPA), with its three groups of children as one.

    A child is under 18 (UU 35/2014, article 1), a lanjut usia is 60 or older (UU 13/1998, article 1).
    """

    UNDER_18 = "under_18"
    FROM_18 = "from_18"
    FROM_25 = "from_25"
    FROM_45 = "from_45"
    FROM_60 = "from_60"


class CaseUnit(StrEnum):
    """What a published number of cases counts: one case may have several victims."""

    VICTIMS = "victims"  # korban
    CASES = "cases"  # kasus


class AnswerSource(StrEnum):
    LINK = "link"
    PHONE = "phone"
    WHATSAPP = "whatsapp"
    MAIL = "mail"  # written by the invitee in a mail
    LETTER = "letter"
    IN_PERSON = "in_person"
    WALK_IN = "walk_in"  # came without an invitation: a place is taken, nothing was announced
    CALENDAR = "calendar"  # sent by the invitee's calendar program (iMIP)
    ASSISTANT = "assistant"  # by the link of their adjutant or secretary


class GivenKind(StrEnum):
    """Why the answer of an invitation is another one."""

    ANSWERED = "answered"
    UNDONE = "undone"  # the answer before counts again
    SEATED = "seated"  # a seat became free for somebody on the waiting list


class NamedBy(StrEnum):
    """Who named an acting person."""

    INVITEE = "invitee"
    ACTING = "acting"  # the acting person before, who passes it on
    STAFF = "staff"  # what the invitee or the acting person told them


class NoLongerActing(StrEnum):
    """Why an acting person acts no more."""

    PASSED_ON = "passed_on"
    DECLINED = "declined"
    UNDONE = "undone"
    REPLACED = "replaced"  # by another answer of the invitee


class AttendanceSource(StrEnum):
    QR = "qr"
    HAND = "hand"
    PAPER = "paper"


class MailKind(StrEnum):
    """What a mail is about. The order is that of the parts in a mail with several lines."""

    CANCELLATION = "cancellation"
    POSTPONEMENT = "postponement"  # without a new date yet
    WITHDRAWAL = "withdrawal"
    CHANGE = "change"
    SUBSTITUTION = "substitution"  # to those on stage: somebody else speaks or moderates
    SEAT = "seat"
    CONFIRMATION = "confirmation"  # of an answer that came from the invitee's calendar
    INVITATION = "invitation"
    APPOINTMENT = "appointment"  # to an acting person: they were named to come in somebody's place
    REPRESENTATION = "representation"  # to the invitee: who comes in their place has changed
    ASSISTANCE = "assistance"  # to an invitee's adjutant or secretary: please pass our invitation on
    LINK = "link"  # a new answer link, after the old one was replaced
    REMINDER = "reminder"
    CERTIFICATE = "certificate"  # it is ready, on their own page
    THANKS = "thanks"
    POLL = "poll"  # which dates suit
    MINUTES = "minutes"  # to the chair to agree, to staff what the chair said, to attendees as a copy
    FOLLOW_UP = "follow_up"  # to its owner: what is due, or overdue
    PRIVACY = "privacy"  # about personal data: a copy, a new address; to administrators, a request that is due
    DIGEST = "digest"  # the day's news, to a coordinator
    ACCOUNT = "account"  # to an account, about signing in


IMPORTANCE = list(MailKind)  # a mail with several lines is about the first of these kinds that it contains


class LetterKind(StrEnum):
    """What an official letter is for."""

    INVITATION = "invitation"  # surat undangan
    SPEAKER_REQUEST = "speaker_request"  # surat permohonan narasumber
    CORRECTION = "correction"  # surat ralat
    CANCELLATION = "cancellation"  # pemberitahuan pembatalan


class CertificateKind(StrEnum):
    """As what somebody was there, as their certificate says it."""

    PARTICIPANT = "participant"
    SPEAKER = "speaker"
    MODERATOR = "moderator"


class Audience(StrEnum):
    """Who among an activity's invitations a reminder is for."""

    NEWLY_INVITED = "newly_invited"  # prepared, no mail sent yet
    UNANSWERED = "unanswered"
    COMING = "coming"  # those coming, or represented
    EXPECTED = "expected"  # not declined: unanswered, coming, represented, waitlisted
    NO_MATERIALS = "no_materials"  # speakers who are coming and have sent no file
    PRESENT = "present"
    CERTIFIED = "certified"  # those with a certificate that stands
    ABSENT = "absent"  # said they would come, and were not there
    ONE = "one"  # a single invitation, named by the reminder


class IncomingKind(StrEnum):
    """The kind of an incoming mail."""

    ANSWER = "answer"  # an iMIP REPLY
    BOUNCE = "bounce"  # a delivery report: permanent
    DELAY = "delay"  # a delivery report: temporary
    AUTOMATIC = "automatic"  # out-of-office replies and similar
    LETTER = "letter"  # a mail written by a person
    UNREADABLE = "unreadable"  # the parser failed on it; it is set aside


class IncomingOutcome(StrEnum):
    """What was done with an incoming mail."""

    APPLIED = "applied"  # the answer was recorded, the address blocked, the delay counted
    REFUSED = "refused"  # an answer that was not accepted; `reason` says why
    TO_READ = "to_read"  # waits for a coordinator
    IGNORED = "ignored"


class RuleTiming(StrEnum):
    AT_PUBLISHING = "at_publishing"
    BEFORE_START = "before_start"
    AFTER_END = "after_end"


class LinkPurpose(StrEnum):
    """What a secret link opens. Each purpose derives its tokens separately."""

    ANSWER = "answer"
    FEED = "feed"  # a calendar's address; its nonce is in its Feed
    ACTING = "acting"  # the page of an acting person; its nonce is in their ActingPerson
    MINUTES = "minutes"  # the page where the chair agrees to minutes; its nonce is in the Minutes
    FOLLOW_UP = (
        "follow_up"  # the page where the owner of a follow-up says that it is done; its nonce is in the FollowUp
    )
    COPY = "copy"  # the page where a person takes the copy of their data; its nonce is in the DataRequest
    ADDRESS = "address"  # the page where a person confirms a new address; its nonce is in the DataRequest
    ASSISTANT = "assistant"  # the invitee's page for their adjutant or secretary; its nonce is in the Assistant
    NEW_PASSWORD = "new_password"  # noqa: S105  the page for a new password; its nonce is in the PasswordReset


class AccountNews(StrEnum):
    """What a mail to an account says about signing in."""

    NEW_PASSWORD = "new_password"  # noqa: S105  a link to choose one
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    FACTORS_RESET = "factors_reset"  # by an administrator
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    NEW_DEVICE = "new_device"
    MANY_FAILURES = "many_failures"  # to administrators


class StaffRole(StrEnum):
    ADMINISTRATOR = "administrator"
    COORDINATOR = "coordinator"
    VIEWER = "viewer"


class VenueKind(StrEnum):
    HALL = "hall"  # aula, gedung pertemuan
    OFFICE = "office"  # ruang rapat, balai kelurahan
    SCHOOL = "school"
    WORSHIP = "worship"
    OPEN_AIR = "open_air"
    OTHER = "other"


class Repeat(StrEnum):
    """How often an absence repeats."""

    ONCE = "once"
    WEEKLY = "weekly"


class PollChoice(StrEnum):
    """An answer for one slot of a date poll."""

    YES = "yes"
    IF_NEED_BE = "if_need_be"
    NO = "no"


class FeedScope(StrEnum):
    """What a calendar feed contains."""

    EVERYTHING = "everything"
    PROGRAMME = "programme"
    VENUE = "venue"
    PERSON = "person"


class ListName(StrEnum):
    """The lists that can be downloaded. The audit log stores these names."""

    ABSENCES = "absences"
    ACCOUNTS = "accounts"
    ACTIVITIES = "activities"
    ATTENDANCE = "attendance"
    AUDIT_LOG = "audit_log"
    CALENDAR_ADDRESSES = "calendar_addresses"
    CERTIFICATES = "certificates"
    CALLS = "calls"
    CALL_QUESTIONS = "call_questions"
    CALL_LOG = "call_log"
    CASES = "cases"
    CLASHES = "clashes"
    DATA_REQUESTS = "data_requests"
    COVERAGE = "coverage"
    DEVICES = "devices"
    DOOR_CODES = "door_codes"
    ENTITLED = "entitled"
    FEEDBACK = "feedback"
    FOLLOW_UPS = "follow_ups"
    GROUPS = "groups"
    HISTORY = "history"
    INVITATIONS = "invitations"
    INVITEES = "invitees"
    KLA = "kla"
    LETTERS = "letters"
    MAILS_RECEIVED = "mails_received"
    MESSAGES = "messages"
    ORGANISATIONS = "organisations"
    PEOPLE = "people"
    PHOTOS = "photos"
    POLL_ANSWERS = "poll_answers"
    POLLS = "polls"
    POSTS = "posts"
    PROGRAMMES = "programmes"
    PROPOSAL = "proposal"
    REFUSED_ROWS = "refused_rows"
    REPORT = "report"
    REMINDER_RULES = "reminder_rules"
    RUNDOWN = "rundown"
    SCANS = "scans"
    SEARCHES = "searches"
    SECURITY_EVENTS = "security_events"
    TEXTS = "texts"
    UNREACHABLE = "unreachable"
    VENUES = "venues"
    WALK_INS = "walk_ins"
