"""Labels of closed lists in Indonesian or English.

Mails, calendars and pages share them. PLAN_LABELS has those for planning.
"""

from enum import StrEnum

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from outreach.domain.answers import Choice
from outreach.domain.kinds import (
    ActivityKind,
    AgeGroup,
    AnswerSource,
    AttendanceSource,
    Audience,
    CadreKind,
    CaseUnit,
    CertificateKind,
    FeedScope,
    HolderKind,
    IncomingKind,
    IncomingOutcome,
    LetterKind,
    ListName,
    MailKind,
    NamedBy,
    NoLongerActing,
    PollChoice,
    Repeat,
    Role,
    Sector,
    Sex,
    StaffRole,
    VenueKind,
)
from outreach.domain.mail.address_faults import AddressFault
from outreach.domain.mail.failures import ChannelTrouble, FailureReason
from outreach.domain.mail.incoming import IncomingReason, Participation
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.reminders import MissedReason, NotReminded, OtherDay
from outreach.domain.scans import ScanOutcome
from outreach.domain.states import (
    ActivityState,
    CertificateState,
    InvitationState,
    LetterState,
    MessageState,
    PollState,
    ReminderState,
    SearchState,
)

PLAN_LABELS: dict[tuple[type, str], object] = {
    (MailKind, MailKind.POLL.value): _l("Date poll"),
    (MailKind, MailKind.DIGEST.value): _l("Summary of the day's news"),
    (VenueKind, VenueKind.HALL.value): _l("Hall"),
    (VenueKind, VenueKind.OFFICE.value): _l("Meeting room"),
    (VenueKind, VenueKind.SCHOOL.value): _l("School"),
    (VenueKind, VenueKind.WORSHIP.value): _l("House of worship"),
    (VenueKind, VenueKind.OPEN_AIR.value): _l("Open air"),
    (VenueKind, VenueKind.OTHER.value): _l("Other"),
    (Repeat, Repeat.ONCE.value): _l("once"),
    (Repeat, Repeat.WEEKLY.value): _l("every week"),
    (AbsenceSource, AbsenceSource.COORDINATOR.value): _l("entered by a coordinator"),
    (AbsenceSource, AbsenceSource.SELF.value): _l("entered by themselves"),
    (AbsenceSource, AbsenceSource.CALENDAR.value): _l("read from a calendar"),
    (PollChoice, PollChoice.YES.value): _l("Yes"),
    (PollChoice, PollChoice.IF_NEED_BE.value): _l("If need be"),
    (PollChoice, PollChoice.NO.value): _l("No"),
    (FeedScope, FeedScope.EVERYTHING.value): _l("Everything"),
    (FeedScope, FeedScope.PROGRAMME.value): _l("One programme"),
    (FeedScope, FeedScope.VENUE.value): _l("One venue"),
    (FeedScope, FeedScope.PERSON.value): _l("One person"),
    (PollState, PollState.DRAFT.value): _l("Draft"),
    (PollState, PollState.OPEN.value): _l("Open"),
    (PollState, PollState.CLOSED.value): _l("Closed"),
    (PollState, PollState.DECIDED.value): _l("Decided"),
    (SkipReason, SkipReason.POLL_CLOSED.value): _l("The date poll takes no answers any more."),
    (SearchState, SearchState.PREPARED.value): _l("Prepared"),
    (SearchState, SearchState.QUEUED.value): _l("Waiting to begin"),
    (SearchState, SearchState.RUNNING.value): _l("Searching"),
    (SearchState, SearchState.DONE.value): _l("Proposed"),
    (SearchState, SearchState.STOPPED.value): _l("Stopped, with the best so far"),
    (SearchState, SearchState.COLLIDES.value): _l("The demands collide"),
    (SearchState, SearchState.FAILED.value): _l("Broken off"),
    (SearchState, SearchState.TAKEN.value): _l("Taken over"),
    (Severity, Severity.IGNORE.value): _l("Ignore"),
    (Severity, Severity.WARN.value): _l("Warn"),
    (Severity, Severity.BLOCK.value): _l("Block"),
    (ClashKind, ClashKind.VENUE_TAKEN.value): _l("Venue taken"),
    (ClashKind, ClashKind.VENUE_ABSENT.value): _l("Venue not available"),
    (ClashKind, ClashKind.VENUE_TOO_SMALL.value): _l("Venue too small"),
    (ClashKind, ClashKind.SPEAKER_TWICE.value): _l("Speaker in two places"),
    (ClashKind, ClashKind.SPEAKER_TRAVEL.value): _l("Too little time for a speaker's way"),
    (ClashKind, ClashKind.SPEAKER_ABSENT.value): _l("Speaker away"),
    (ClashKind, ClashKind.CADRE_TWICE.value): _l("Cadre invited to two at once"),
    (ClashKind, ClashKind.INVITEE_TWICE.value): _l("Invitee in two places"),
    (ClashKind, ClashKind.TRAVEL.value): _l("Too little time for an invitee's way"),
    (ClashKind, ClashKind.INVITEE_ABSENT.value): _l("Invitee away"),
    (ClashKind, ClashKind.OUTSIDE_PROGRAMME.value): _l("Outside the programme's days"),
    (ClashKind, ClashKind.DEADLINE_AFTER_START.value): _l("Answer deadline after the start"),
    (ClashKind, ClashKind.HOLIDAY.value): _l("Public holiday"),
    (ClashKind, ClashKind.JOINT_HOLIDAY.value): _l("Joint holiday (cuti bersama)"),
    (ClashKind, ClashKind.WEEKEND.value): _l("Weekend"),
    (ClashKind, ClashKind.OUTSIDE_HOURS.value): _l("Outside office hours"),
    (ClashKind, ClashKind.FRIDAY_BREAK.value): _l("Friday prayer"),
    (ClashKind, ClashKind.NOON_BREAK.value): _l("Noon prayer and break"),
    (ClashKind, ClashKind.SHORT_NOTICE.value): _l("Short notice"),
    (ClashKind, ClashKind.IN_THE_PAST.value): _l("Draft in the past"),
    (ClashKind, ClashKind.SAME_KECAMATAN.value): _l("Two in one kecamatan on one half day"),
}


# Members of different lists can be equal as strings, so each key contains its list.
LABELS: dict[tuple[type, str], object] = {
    **PLAN_LABELS,
    (ActivityKind, ActivityKind.COORDINATION.value): _l("Coordination meeting"),
    (ActivityKind, ActivityKind.TRAINING.value): _l("Training"),
    (ActivityKind, ActivityKind.OUTREACH.value): _l("Community outreach"),
    (ActivityKind, ActivityKind.GUIDANCE.value): _l("Community guidance"),
    (ActivityKind, ActivityKind.OTHER.value): _l("Other"),
    (LetterKind, LetterKind.INVITATION.value): _l("Letter of invitation"),
    (LetterKind, LetterKind.SPEAKER_REQUEST.value): _l("Letter asking a speaker"),
    (LetterKind, LetterKind.CORRECTION.value): _l("Letter of correction"),
    (LetterKind, LetterKind.CANCELLATION.value): _l("Letter of cancellation"),
    (CertificateKind, CertificateKind.PARTICIPANT.value): _l("Participant"),
    (CertificateKind, CertificateKind.SPEAKER.value): _l("Speaker"),
    (CertificateKind, CertificateKind.MODERATOR.value): _l("Moderator"),
    (CertificateState, CertificateState.STANDS.value): _l("Stands"),
    (CertificateState, CertificateState.REPLACED.value): _l("Replaced"),
    (CertificateState, CertificateState.REVOKED.value): _l("Revoked"),
    (LetterState, LetterState.DRAFT.value): _l("Draft"),
    (LetterState, LetterState.COMPOSED.value): _l("To be signed"),
    (LetterState, LetterState.SIGNED.value): _l("Signed"),
    (LetterState, LetterState.CORRECTED.value): _l("Corrected by a later letter"),
    (LetterState, LetterState.CANCELLED.value): _l("No longer valid"),
    (Role, Role.SPEAKER.value): _l("Speaker"),
    (Role, Role.MODERATOR.value): _l("Moderator"),
    (Role, Role.PARTICIPANT.value): _l("Participant"),
    (Role, Role.CADRE.value): _l("Cadre"),
    (Sector, Sector.GOVERNMENT.value): _l("Government office"),
    (Sector, Sector.POLICE.value): _l("Police"),
    (Sector, Sector.PROSECUTOR.value): _l("Prosecutor"),
    (Sector, Sector.MILITARY.value): _l("Military"),
    (Sector, Sector.DISTRICT.value): _l("Kecamatan"),
    (Sector, Sector.VILLAGE.value): _l("Kelurahan"),
    (Sector, Sector.SCHOOL.value): _l("School"),
    (Sector, Sector.WOMEN.value): _l("Women's organisation"),
    (Sector, Sector.FAITH.value): _l("Faith"),
    (Sector, Sector.HEALTH.value): _l("Health"),
    (Sector, Sector.OTHER.value): _l("Other"),
    (CadreKind, CadreKind.PATBM.value): "PATBM",
    (CadreKind, CadreKind.PKK.value): "PKK",
    (CadreKind, CadreKind.POSYANDU.value): "Posyandu",
    (CadreKind, CadreKind.FORUM_ANAK.value): "Forum Anak",
    (CadreKind, CadreKind.SATGAS_PPA.value): "Satgas PPA",
    (CadreKind, CadreKind.OTHER.value): _l("Other"),
    (Sex, Sex.FEMALE.value): _l("Female"),
    (Sex, Sex.MALE.value): _l("Male"),
    (CaseUnit, CaseUnit.VICTIMS.value): _l("Victims"),
    (CaseUnit, CaseUnit.CASES.value): _l("Cases"),
    (AgeGroup, AgeGroup.UNDER_18.value): _l("Under 18 years"),
    (AgeGroup, AgeGroup.FROM_18.value): _l("18–24 years"),
    (AgeGroup, AgeGroup.FROM_25.value): _l("25–44 years"),
    (AgeGroup, AgeGroup.FROM_45.value): _l("45–59 years"),
    (AgeGroup, AgeGroup.FROM_60.value): _l("60 years and older"),
    (AnswerSource, AnswerSource.LINK.value): _l("by the link"),
    (AnswerSource, AnswerSource.PHONE.value): _l("by phone"),
    (AnswerSource, AnswerSource.WHATSAPP.value): _l("by WhatsApp"),
    (AnswerSource, AnswerSource.MAIL.value): _l("by e-mail"),
    (AnswerSource, AnswerSource.LETTER.value): _l("by letter"),
    (AnswerSource, AnswerSource.IN_PERSON.value): _l("in person"),
    (AnswerSource, AnswerSource.WALK_IN.value): _l("came uninvited"),
    (AnswerSource, AnswerSource.CALENDAR.value): _l("by their calendar"),
    (AnswerSource, AnswerSource.ASSISTANT.value): _l("by their adjutant or secretary"),
    (AttendanceSource, AttendanceSource.QR.value): "QR",
    (AttendanceSource, AttendanceSource.HAND.value): _l("ticked by hand"),
    (AttendanceSource, AttendanceSource.PAPER.value): _l("paper list"),
    (ScanOutcome, ScanOutcome.PRESENT.value): _l("There"),
    (ScanOutcome, ScanOutcome.ALREADY.value): _l("There before"),
    (ScanOutcome, ScanOutcome.WITHDRAWN.value): _l("There, although withdrawn"),
    (ScanOutcome, ScanOutcome.OUT.value): _l("Left"),
    (ScanOutcome, ScanOutcome.UNDONE.value): _l("Undone"),
    (ScanOutcome, ScanOutcome.FORGED.value): _l("No code of this office"),
    (ScanOutcome, ScanOutcome.EXPIRED.value): _l("Code is no longer valid"),
    (ScanOutcome, ScanOutcome.OTHER_ACTIVITY.value): _l("Code of another activity"),
    (ScanOutcome, ScanOutcome.REPLACED.value): _l("Code was replaced"),
    (ScanOutcome, ScanOutcome.UNKNOWN.value): _l("Invited no more"),
    (ScanOutcome, ScanOutcome.NOT_OPEN.value): _l("The activity is not open"),
    (ScanOutcome, ScanOutcome.NOT_YET.value): _l("Before the day of the activity"),
    (ScanOutcome, ScanOutcome.UNREADABLE.value): _l("Could not be read"),
    (MailKind, MailKind.CANCELLATION.value): _l("Cancellation"),
    (MailKind, MailKind.POSTPONEMENT.value): _l("Postponement"),
    (MailKind, MailKind.WITHDRAWAL.value): _l("Withdrawal"),
    (MailKind, MailKind.CHANGE.value): _l("Change"),
    (MailKind, MailKind.SUBSTITUTION.value): _l("Somebody else speaks"),
    (MailKind, MailKind.SEAT.value): _l("Freed seat"),
    (NamedBy, NamedBy.INVITEE.value): _l("named by the invitee"),
    (NamedBy, NamedBy.ACTING.value): _l("passed on by the one before"),
    (NamedBy, NamedBy.STAFF.value): _l("named by the invitee, to staff"),
    (NoLongerActing, NoLongerActing.PASSED_ON.value): _l("passed it on"),
    (NoLongerActing, NoLongerActing.DECLINED.value): _l("cannot come"),
    (NoLongerActing, NoLongerActing.UNDONE.value): _l("undone"),
    (NoLongerActing, NoLongerActing.REPLACED.value): _l("replaced"),
    (MailKind, MailKind.CONFIRMATION.value): _l("Answer noted"),
    (MailKind, MailKind.APPOINTMENT.value): _l("Named as representative"),
    (MailKind, MailKind.REPRESENTATION.value): _l("Who comes in their place"),
    (MailKind, MailKind.ASSISTANCE.value): _l("To their adjutant or secretary"),
    (MailKind, MailKind.INVITATION.value): _l("Invitation"),
    (MailKind, MailKind.LINK.value): _l("New link"),
    (MailKind, MailKind.REMINDER.value): _l("Reminder"),
    (MailKind, MailKind.CERTIFICATE.value): _l("Certificate ready"),
    (MailKind, MailKind.THANKS.value): _l("Thank-you"),
    (Audience, Audience.NEWLY_INVITED.value): _l("newly invited"),
    (Audience, Audience.UNANSWERED.value): _l("those without an answer"),
    (Audience, Audience.COMING.value): _l("those coming, or their representative"),
    (Audience, Audience.EXPECTED.value): _l("everyone who has not declined"),
    (Audience, Audience.NO_MATERIALS.value): _l("speakers who have sent no materials"),
    (Audience, Audience.PRESENT.value): _l("those present"),
    (Audience, Audience.CERTIFIED.value): _l("those with a certificate"),
    (Audience, Audience.ABSENT.value): _l("those who said they would come and did not"),
    (Audience, Audience.ONE.value): _l("one invitee"),
    (StaffRole, StaffRole.ADMINISTRATOR.value): _l("Administrator"),
    (StaffRole, StaffRole.COORDINATOR.value): _l("Coordinator"),
    (StaffRole, StaffRole.VIEWER.value): _l("Viewer"),
    (ActivityState, ActivityState.DRAFT.value): _l("Draft"),
    (ActivityState, ActivityState.PUBLISHED.value): _l("Published"),
    (ActivityState, ActivityState.POSTPONED.value): _l("Postponed"),
    (ActivityState, ActivityState.HELD.value): _l("Held"),
    (ActivityState, ActivityState.CANCELLED.value): _l("Cancelled"),
    (InvitationState, InvitationState.PREPARED.value): _l("Prepared"),
    (InvitationState, InvitationState.INVITED.value): _l("Invited"),
    (InvitationState, InvitationState.COMING.value): _l("Coming"),
    (InvitationState, InvitationState.NOT_COMING.value): _l("Not coming"),
    (InvitationState, InvitationState.REPRESENTED.value): _l("Represented"),
    (InvitationState, InvitationState.NO_ANSWER.value): _l("No answer"),
    (InvitationState, InvitationState.WAITLISTED.value): _l("Waiting for a seat"),
    (InvitationState, InvitationState.WITHDRAWN.value): _l("Withdrawn"),
    (Choice, Choice.COMING.value): _l("Coming"),
    (Choice, Choice.NOT_COMING.value): _l("Not coming"),
    (Choice, Choice.REPRESENTED.value): _l("Represented"),
    (ReminderState, ReminderState.SCHEDULED.value): _l("Scheduled"),
    (ReminderState, ReminderState.EXPANDED.value): _l("Written"),
    (ReminderState, ReminderState.MISSED.value): _l("Missed"),
    (ReminderState, ReminderState.CANCELLED.value): _l("Cancelled"),
    (MessageState, MessageState.DUE.value): _l("Waiting to be sent"),
    (MessageState, MessageState.LEASED.value): _l("Being prepared"),
    (MessageState, MessageState.HANDING_OVER.value): _l("Being handed over"),
    (MessageState, MessageState.SENT.value): _l("Sent"),
    (MessageState, MessageState.RETRY.value): _l("Will be tried again"),
    (MessageState, MessageState.FAILED.value): _l("Failed"),
    (MessageState, MessageState.UNKNOWN.value): _l("Unknown"),
    (MessageState, MessageState.SKIPPED.value): _l("Not sent"),
    (MessageState, MessageState.CANCELLED.value): _l("Cancelled"),
    (MissedReason, MissedReason.ACTIVITY_BEGAN.value): _l("The activity had begun before anything could be sent."),
    (MissedReason, MissedReason.SUPERSEDED.value): _l("A later reminder to the same people was due by then."),
    (MissedReason, MissedReason.DEADLINE_PASSED.value): _l("Answers were no longer taken by then."),
    (MissedReason, MissedReason.MOMENT_PASSED.value): _l("Its moment has passed."),
    (MissedReason, MissedReason.SAME_DAY.value): _l("Another reminder to the same people goes out that day."),
    (MissedReason, MissedReason.TOO_OLD.value): _l("It was too late to be of use."),
    (MissedReason, MissedReason.MANY_NAMED.value): _l(
        "Very many new addresses were named by this office's link in one day. Look at its list of people; saving it sends this."
    ),
    (MissedReason, MissedReason.MANY_REPRESENT.value): _l(
        "Many people were named in one invitee's place in one day. Ask who comes, and record it: then this is sent."
    ),
    (MissedReason, MissedReason.RESTORED.value): _l("The data come from a backup, and it may have been sent since."),
    (OtherDay, OtherDay.DAY_OFF.value): _l("Earlier, because its own day is a day off"),
    (OtherDay, OtherDay.DEADLINE.value): _l("Earlier, because its own day is after the deadline for answers"),
    (OtherDay, OtherDay.INVITATION.value): _l("Later, because on its own day the invitation has only just come"),
    (NotReminded, NotReminded.NOT_EXPECTED.value): _l("They have declined, wait for a seat, or are not invited yet."),
    (NotReminded, NotReminded.CAME.value): _l("They have come."),
    (NotReminded, NotReminded.NO_ADDRESS.value): _l("No mail reaches them; please call them."),
    (NotReminded, NotReminded.STOPPED.value): _l("They asked for no more reminders."),
    (NotReminded, NotReminded.INVITED_TODAY.value): _l("They got the invitation only today."),
    (NotReminded, NotReminded.TOO_LATE.value): _l("The deadline for answers has passed, or the activity has begun."),
    (SkipReason, SkipReason.NO_ADDRESS.value): _l("No e-mail address is known."),
    (SkipReason, SkipReason.ADDRESS_BLOCKED.value): _l("No mail arrives at their address; please call them."),
    (SkipReason, SkipReason.STOPPED.value): _l("They asked for no more reminders."),
    (SkipReason, SkipReason.ERASED.value): _l("Their data has been erased."),
    (SkipReason, SkipReason.ACTIVITY_CANCELLED.value): _l("The activity was cancelled."),
    (SkipReason, SkipReason.ACTIVITY_POSTPONED.value): _l("The activity was postponed."),
    (SkipReason, SkipReason.NEW_DATE.value): _l("The new date was set meanwhile."),
    (SkipReason, SkipReason.ACTIVITY_MOVED.value): _l("The activity was moved; the notice of change says more."),
    (SkipReason, SkipReason.NOT_PUBLISHED.value): _l("The activity is not published."),
    (SkipReason, SkipReason.WITHDRAWN.value): _l("The invitation was withdrawn."),
    (SkipReason, SkipReason.ANSWERED.value): _l("They have answered meanwhile."),
    (SkipReason, SkipReason.CAME.value): _l("They have come."),
    (SkipReason, SkipReason.DECLINED.value): _l("They are not coming."),
    (SkipReason, SkipReason.MATERIALS_SENT.value): _l("They have sent their materials meanwhile."),
    (SkipReason, SkipReason.NO_CERTIFICATE.value): _l("Their certificate does not stand any more."),
    (SkipReason, SkipReason.NOT_ATTENDING.value): _l("They are not among those it is for any more."),
    (SkipReason, SkipReason.NEVER_TOLD.value): _l("They never heard of the activity."),
    (SkipReason, SkipReason.ALREADY_WRITTEN_TODAY.value): _l("They already had a mail about it that day."),
    (HolderKind, HolderKind.DAILY_ACTING.value): _l("Plh. (for some days)"),
    (HolderKind, HolderKind.ACTING.value): _l("Plt. (until somebody is appointed)"),
    (HolderKind, HolderKind.DEFINITIVE.value): _l("Definitive"),
    (SkipReason, SkipReason.OTHER_HOLDER.value): _l("The invitation goes to the new holder of the post."),
    (SkipReason, SkipReason.NOT_WANTED.value): _l("They leave these notices to whoever comes in their place."),
    (SkipReason, SkipReason.KNOWN.value): _l("They had been told before what is true now."),
    (SkipReason, SkipReason.JOINED.value): _l("What it says went out in a later mail."),
    (SkipReason, SkipReason.LINK_REVOKED.value): _l("Their answer link is revoked. Renew it, then send again."),
    (SkipReason, SkipReason.SAID_BY_ANOTHER_LINE.value): _l("Another part of the same mail says it."),
    (SkipReason, SkipReason.TOO_LATE.value): _l("It was too late to be of use."),
    (FailureReason, FailureReason.REFUSED.value): _l(
        "The mail server does not take it. Check the address and send it again, or call them."
    ),
    (FailureReason, FailureReason.TEMPORARY.value): _l("The mail server could not take it just then."),
    (FailureReason, FailureReason.IN_DOUBT.value): _l("It was handed over, but the mail server never confirmed it."),
    (FailureReason, FailureReason.NOT_COMPOSED.value): _l("Its text could not be made."),
    (FailureReason, FailureReason.BAD_ADDRESS.value): _l(
        "No mail can be sent to an address like that. Please correct it."
    ),
    (FailureReason, FailureReason.GAVE_UP.value): _l("It was tried until it would have been too late."),
    (FailureReason, FailureReason.RESTORED.value): _l("The data come from a backup, and it may have been sent since."),
    (IncomingKind, IncomingKind.ANSWER.value): _l("Answer from a calendar"),
    (IncomingKind, IncomingKind.BOUNCE.value): _l("A mail did not arrive"),
    (IncomingKind, IncomingKind.DELAY.value): _l("A mail is delayed"),
    (IncomingKind, IncomingKind.AUTOMATIC.value): _l("Automatic reply"),
    (IncomingKind, IncomingKind.LETTER.value): _l("Written by a person"),
    (IncomingKind, IncomingKind.UNREADABLE.value): _l("Could not be read"),
    (IncomingOutcome, IncomingOutcome.APPLIED.value): _l("Taken"),
    (IncomingOutcome, IncomingOutcome.REFUSED.value): _l("Not taken"),
    (IncomingOutcome, IncomingOutcome.TO_READ.value): _l("To read"),
    (IncomingOutcome, IncomingOutcome.IGNORED.value): _l("Nothing to do"),
    (IncomingReason, IncomingReason.SENDER_DIFFERS.value): _l(
        "It came from another address than the one it answers for."
    ),
    (IncomingReason, IncomingReason.SENDER_UNPROVEN.value): _l(
        "Nothing proves that it comes from the address it names. Please call them before you record it."
    ),
    (IncomingReason, IncomingReason.UNKNOWN_ACTIVITY.value): _l("It is about a calendar entry that is not ours."),
    (IncomingReason, IncomingReason.NOT_INVITED.value): _l("Nobody with that address is invited to the activity."),
    (IncomingReason, IncomingReason.AMBIGUOUS.value): _l("Several invitees share that address."),
    (IncomingReason, IncomingReason.ACTIVITY_CHANGED.value): _l(
        "It answers an older entry; time, place or invitation have changed since."
    ),
    (IncomingReason, IncomingReason.NEWER_ANSWER.value): _l("A later answer was recorded already."),
    (IncomingReason, IncomingReason.TENTATIVE.value): _l("They may come: neither yes nor no."),
    (IncomingReason, IncomingReason.DELEGATED.value): _l("They want somebody else to come."),
    (IncomingReason, IncomingReason.ANOTHER_TIME.value): _l("They propose another time."),
    (IncomingReason, IncomingReason.UNCLEAR.value): _l("It says neither yes nor no."),
    (IncomingReason, IncomingReason.NAMES_NEEDED.value): _l(
        "They say yes, but an organisation must name the people who come."
    ),
    (IncomingReason, IncomingReason.PEOPLE_NAMED.value): _l("They say no, but have named people who come."),
    (IncomingReason, IncomingReason.KNOWN.value): _l("It says what is recorded already."),
    (IncomingReason, IncomingReason.REPRESENTATIVE.value): _l(
        "It came from the representative, not from the person who is invited."
    ),
    (IncomingReason, IncomingReason.ADDRESS_CHANGED.value): _l(
        "It answers from an address that we wrote to; another is recorded now."
    ),
    (IncomingReason, IncomingReason.DEADLINE_PASSED.value): _l("The time for answering had ended."),
    (IncomingReason, IncomingReason.ACTIVITY_CANCELLED.value): _l("The activity was cancelled."),
    (IncomingReason, IncomingReason.ACTIVITY_POSTPONED.value): _l("The activity was postponed."),
    (IncomingReason, IncomingReason.ACTIVITY_ENDED.value): _l("The activity was over."),
    (IncomingReason, IncomingReason.WITHDRAWN.value): _l("The invitation was withdrawn."),
    (IncomingReason, IncomingReason.TOO_MANY.value): _l("Too many answers came from that calendar in one day."),
    (IncomingReason, IncomingReason.CANNOT_CONFIRM.value): _l(
        "It was not recorded, for no mail reaches them to confirm it. Please call them."
    ),
    (IncomingReason, IncomingReason.UNCONFIRMED.value): _l(
        "It was recorded, but no mail reaches them to confirm it. Please call them."
    ),
    (IncomingReason, IncomingReason.NOT_OURS.value): _l("It is about a mail that we did not send."),
    (IncomingReason, IncomingReason.UNPROVEN.value): _l(
        "It names an address that we know, but no mail that we sent there."
    ),
    (IncomingReason, IncomingReason.MAIL_REFUSED.value): _l("The other server refused this one mail, not the address."),
    (IncomingReason, IncomingReason.GAVE_UP.value): _l(
        "The other server could not take it, or was out of reach for days."
    ),
    (IncomingReason, IncomingReason.REPORT_UNREAD.value): _l(
        "A server reports that a mail did not arrive, in a form that cannot be read here. Please look which address it is about."
    ),
    (IncomingReason, IncomingReason.DELIVERED.value): _l("The mail has arrived."),
    (IncomingReason, IncomingReason.OWN.value): _l("We sent it ourselves."),
    (IncomingReason, IncomingReason.LETTER_RETURNED.value): _l(
        "A signed letter is attached. It is kept on the letter's page, to be looked at and accepted there."
    ),
    (IncomingReason, IncomingReason.LETTER_UNPROVEN.value): _l(
        "A PDF is attached, but whether the sender is who they say is not proven. If it is a signed letter, upload it on the "
        "letter's page."
    ),
    (IncomingReason, IncomingReason.DUPLICATE.value): _l("The same mail was read before."),
    (IncomingReason, IncomingReason.TOO_LARGE.value): _l(
        "It is too large to be read here. Please open it in the mailbox."
    ),
    (IncomingReason, IncomingReason.TOO_COMPLEX.value): _l(
        "It is built as no ordinary mail is. Please open it in the mailbox."
    ),
    (IncomingReason, IncomingReason.BROKEN.value): _l("It could not be read here. Please open it in the mailbox."),
    (Participation, Participation.ACCEPTED.value): _l("coming"),
    (Participation, Participation.DECLINED.value): _l("not coming"),
    (Participation, Participation.TENTATIVE.value): _l("perhaps coming"),
    (Participation, Participation.DELEGATED.value): _l("somebody else comes"),
    (Participation, Participation.UNCLEAR.value): _l("neither yes nor no"),
    (AddressFault, AddressFault.UNKNOWN.value): _l("This address does not exist. Perhaps it was mistyped."),
    (AddressFault, AddressFault.DOMAIN.value): _l(
        "What stands after the @ does not exist, or takes no mail. Perhaps it was mistyped."
    ),
    (AddressFault, AddressFault.CLOSED.value): _l(
        "This mailbox takes no mail any more. Please ask for another address."
    ),
    (ChannelTrouble, ChannelTrouble.UNREACHABLE.value): _l("The mail server cannot be reached."),
    (ChannelTrouble, ChannelTrouble.TLS.value): _l("The mail server's certificate cannot be trusted."),
    (ChannelTrouble, ChannelTrouble.LATER.value): _l("The mail server cannot check our login at present."),
    (ChannelTrouble, ChannelTrouble.LOGIN.value): _l("The mail server refuses our login."),
    (ChannelTrouble, ChannelTrouble.SENDER.value): _l("The mail server refuses our sender address."),
    (ChannelTrouble, ChannelTrouble.RELAY.value): _l("The mail server passes on no mail of ours."),
    (ChannelTrouble, ChannelTrouble.UNRELIABLE.value): _l("The mail server breaks off again and again."),
    (ChannelTrouble, ChannelTrouble.FOLDER.value): _l("The mailbox has no such folder, or it may not be written to."),
    (ChannelTrouble, ChannelTrouble.CLOCK.value): _l("The clock of a machine that sends is wrong."),
}


LIST_LABELS: dict[ListName, object] = {
    ListName.ABSENCES: _l("Absences"),
    ListName.ACCOUNTS: _l("Accounts"),
    ListName.ACTIVITIES: _l("Activities"),
    ListName.ATTENDANCE: _l("Attendance"),
    ListName.AUDIT_LOG: _l("Audit log"),
    ListName.CALENDAR_ADDRESSES: _l("Calendar addresses"),
    ListName.CALLS: _l("People to call"),
    ListName.CALL_LOG: _l("Calls"),
    ListName.CERTIFICATES: _l("Certificates"),
    ListName.CASES: _l("Cases in the city"),
    ListName.CLASHES: _l("Clashes"),
    ListName.FEEDBACK: _l("Feedback"),
    ListName.GROUPS: _l("Groups of people"),
    ListName.HISTORY: _l("History"),
    ListName.POSTS: _l("Posts"),
    ListName.INVITATIONS: _l("Invitations"),
    ListName.INVITEES: _l("Invitees"),
    ListName.LETTERS: _l("Letters"),
    ListName.MAILS_RECEIVED: _l("Mails received"),
    ListName.REPORT: _l("Report"),
    ListName.MESSAGES: _l("Messages"),
    ListName.ORGANISATIONS: _l("Organisations"),
    ListName.PEOPLE: _l("People"),
    ListName.POLL_ANSWERS: _l("Answers to a date poll"),
    ListName.POLLS: _l("Date polls"),
    ListName.PROGRAMMES: _l("Programmes"),
    ListName.PROPOSAL: _l("Proposal of a placement"),
    ListName.REFUSED_ROWS: _l("Rows that an import refused"),
    ListName.REMINDER_RULES: _l("Reminder rules"),
    ListName.RUNDOWN: _l("Rundown"),
    ListName.SEARCHES: _l("Placing"),
    ListName.TEXTS: _l("Texts"),
    ListName.UNREACHABLE: _l("Unreachable addresses"),
    ListName.VENUES: _l("Venues"),
}

# An invitee's answer on pages of staff. "Will come" and "was there" need different words.
STAFF_LABELS: dict[tuple[type, str], object] = {
    (kind, kind.COMING.value): lazy_pgettext("answer", "Coming") for kind in (InvitationState, Choice)
} | {(kind, kind.NOT_COMING.value): lazy_pgettext("answer", "Not coming") for kind in (InvitationState, Choice)}


def label(member: StrEnum | None) -> str:
    """Return the label of a member of a closed list, in the current locale; "" for None."""
    return "" if member is None else str(LABELS[type(member), member.value])


def staff_label(member: StrEnum | None) -> str:
    """Return the label on pages and lists of staff. Pages of invitees use label(), which has the words of their own choices."""
    found = STAFF_LABELS.get((type(member), member.value)) if member else None
    return str(found) if found else label(member)
