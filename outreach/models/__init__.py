"""Tables, one file per subject.

Start with programmes.py, invitations.py and mails.py. base.py has the column types that they share, access.py
what an account with an area sees of each table.
"""

from outreach.models import access  # noqa: F401  keeps the statements of accounts with an area to it
from outreach.models.archive import ArchivedActivity, ArchivedLine, ArchivedMessage
from outreach.models.calls import Call, CallClaim, CallQuestion, WrongNumber, call_invitation
from outreach.models.cases import CaseCount
from outreach.models.certificates import Certificate, OfficeCertificates
from outreach.models.channels import Channel, ChannelSlot, Heartbeat
from outreach.models.city_map import KelurahanMap
from outreach.models.documentation import ActivityPhoto, Documentation
from outreach.models.door import Device, Scan, SignedLine, SignedList, WalkIn
from outreach.models.feedback import FeedbackGiven, FeedbackQuestions, FeedbackRemark, FeedbackTally, SealedFeedback
from outreach.models.files import StoredFile
from outreach.models.imports import ImportShape, PersonImport, PersonImportLine
from outreach.models.incoming import AddressFailure, IncomingMail
from outreach.models.invitations import (
    ActingPerson,
    AnswerBefore,
    AnswerEvidence,
    Attendance,
    FormerHolder,
    GivenAnswer,
    Invitation,
    InvitedPost,
    Link,
    RecordedBefore,
    ReplacedLink,
)
from outreach.models.kla import IndicatorYear
from outreach.models.ladder import LadderRung, Rung
from outreach.models.letters import Letter, LetterVersion, OfficeLetters, ReturnedFile, TrustedRoot, letter_invitation
from outreach.models.mails import (
    Attempt,
    BellDigest,
    MailFrame,
    Message,
    MessageLine,
    MessageText,
    Reminder,
    ReminderRule,
    SentMail,
)
from outreach.models.materials import ActingProfile, Material, ProposedTopic, SpeakerProfile
from outreach.models.minutes import FollowUp, FollowUpLine, Minutes, MinutesMail, MinutesReply, MinutesVersion
from outreach.models.people import Assistant, Cadre, Organisation, PeopleGroup, Person, people_group_member
from outreach.models.places import Office, Region, Venue, the_office
from outreach.models.planner import (
    Absence,
    AbsenceCalendar,
    CalendarFile,
    Feed,
    IntendedClash,
    NoticedClash,
    PlanSettings,
    SpeakerBooking,
    TakenProposal,
    TimetablingSearch,
)
from outreach.models.polls import DatePoll, PollAnswer, PollInvitee, PollSlot
from outreach.models.posts import Post, PostHolder
from outreach.models.privacy import Consent, DataRequest, PrivacyMail, PrivacyText
from outreach.models.programmes import Activity, AgendaItem, Programme, agenda_speaker
from outreach.models.reading_links import ReadingLink
from outreach.models.retention import ErasedCount, ErasedMark, RetentionPeriod
from outreach.models.sign_in import (
    AccountMail,
    KeptForm,
    Passkey,
    PasswordReset,
    RecoveryCode,
    SecurityEvent,
    StaffSession,
)
from outreach.models.staff import AccountRole, AuditEntry, BellSeen, User, user_area, user_role

__all__ = [
    "Absence",
    "AbsenceCalendar",
    "AccountMail",
    "AccountRole",
    "ActingPerson",
    "ActingProfile",
    "Activity",
    "ActivityPhoto",
    "AddressFailure",
    "AgendaItem",
    "AnswerBefore",
    "AnswerEvidence",
    "ArchivedActivity",
    "ArchivedLine",
    "ArchivedMessage",
    "Assistant",
    "Attempt",
    "Attendance",
    "AuditEntry",
    "BellDigest",
    "BellSeen",
    "Cadre",
    "CalendarFile",
    "Call",
    "CallClaim",
    "CallQuestion",
    "CaseCount",
    "Certificate",
    "Channel",
    "ChannelSlot",
    "Consent",
    "DataRequest",
    "DatePoll",
    "Device",
    "Documentation",
    "ErasedCount",
    "ErasedMark",
    "Feed",
    "FeedbackGiven",
    "FeedbackQuestions",
    "FeedbackRemark",
    "FeedbackTally",
    "FollowUp",
    "FollowUpLine",
    "FormerHolder",
    "GivenAnswer",
    "Heartbeat",
    "ImportShape",
    "IncomingMail",
    "IndicatorYear",
    "IntendedClash",
    "Invitation",
    "InvitedPost",
    "KelurahanMap",
    "KeptForm",
    "LadderRung",
    "Letter",
    "LetterVersion",
    "Link",
    "MailFrame",
    "Material",
    "Message",
    "MessageLine",
    "MessageText",
    "Minutes",
    "MinutesMail",
    "MinutesReply",
    "MinutesVersion",
    "NoticedClash",
    "Office",
    "OfficeCertificates",
    "OfficeLetters",
    "Organisation",
    "Passkey",
    "PasswordReset",
    "PeopleGroup",
    "Person",
    "PersonImport",
    "PersonImportLine",
    "PlanSettings",
    "PollAnswer",
    "PollInvitee",
    "PollSlot",
    "Post",
    "PostHolder",
    "PrivacyMail",
    "PrivacyText",
    "Programme",
    "ProposedTopic",
    "ReadingLink",
    "RecordedBefore",
    "RecoveryCode",
    "Region",
    "Reminder",
    "ReminderRule",
    "ReplacedLink",
    "RetentionPeriod",
    "ReturnedFile",
    "Rung",
    "Scan",
    "SealedFeedback",
    "SecurityEvent",
    "SentMail",
    "SignedLine",
    "SignedList",
    "SpeakerBooking",
    "SpeakerProfile",
    "StaffSession",
    "StoredFile",
    "TakenProposal",
    "TimetablingSearch",
    "TrustedRoot",
    "User",
    "Venue",
    "WalkIn",
    "WrongNumber",
    "agenda_speaker",
    "call_invitation",
    "letter_invitation",
    "people_group_member",
    "the_office",
    "user_area",
    "user_role",
]  # fmt: skip
