"""Which tables hold personal data, why, and what is done with it when a person is erased. Each table has a line here.

tests/services/privacy/test_tables.py fails for a table without a line, and checks what the lines say: that an export has the part
that they name, that erasing empties the table, and that retention knows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from outreach.domain.privacy.retention import Purpose


class Erasing(StrEnum):
    """What becomes of a row when the person is erased."""

    GONE = "gone"  # it is deleted
    BLANK = "blank"  # it stays to be counted, without words, names and addresses
    COUNTED = "counted"  # it has nothing but keys, kinds and times, and stays to be counted
    STAYS = "stays"  # it stays as it is; the line says why


@dataclass(frozen=True)
class Personal:
    """exported: the part of a person's export that has it; "" if `because` says why there is none."""

    purpose: Purpose
    exported: str
    erasing: Erasing
    because: str = ""


_OF_STAFF = "about staff, who are no invitees; exporting a person does not concern it"
_DOCUMENT = "a document of the office, which the law on archives keeps (UU 43/2009)"
_PART = "a part of another table's rows, exported and erased with them"

PERSONAL: Mapping[str, Personal] = {
    # the address book
    "person": Personal(Purpose.PEOPLE, "person", Erasing.BLANK),
    "cadre": Personal(Purpose.PEOPLE, "cadre_roles", Erasing.COUNTED),
    "assistant": Personal(Purpose.PEOPLE, "adjutant_or_secretary", Erasing.GONE),
    "people_group_member": Personal(Purpose.PEOPLE, "groups", Erasing.GONE),
    "post_holder": Personal(Purpose.PEOPLE, "posts", Erasing.GONE),
    "speaker_profile": Personal(Purpose.PEOPLE, "biography", Erasing.GONE),
    "link": Personal(Purpose.PEOPLE, "link", Erasing.COUNTED),
    "replaced_link": Personal(Purpose.PEOPLE, "", Erasing.COUNTED, "random letters of links that open nothing"),
    "address_failure": Personal(Purpose.PEOPLE, "delivery_reports", Erasing.GONE),
    "wrong_number": Personal(Purpose.PEOPLE, "number_marked_as_wrong", Erasing.GONE),
    "walk_in": Personal(Purpose.PEOPLE, "", Erasing.GONE, "gone once somebody decides who the person is"),
    "person_import_line": Personal(Purpose.PEOPLE, "imports", Erasing.BLANK),
    # invitations and answers
    "invitation": Personal(Purpose.ANSWERS, "invitations", Erasing.BLANK),
    "given_answer": Personal(Purpose.ANSWERS, "answers", Erasing.BLANK),
    "acting_person": Personal(Purpose.ANSWERS, "named_as_representative", Erasing.BLANK),
    "answer_evidence": Personal(Purpose.ANSWERS, "answers_shown_by", Erasing.GONE),
    "former_holder": Personal(Purpose.ANSWERS, "invited_before_for_a_post", Erasing.GONE),
    "invited_post": Personal(Purpose.PEOPLE, "", Erasing.COUNTED, _PART),
    "poll_invitee": Personal(Purpose.ANSWERS, "date_polls", Erasing.BLANK),
    "poll_answer": Personal(Purpose.PEOPLE, "date_polls", Erasing.COUNTED),
    "rung": Personal(Purpose.PEOPLE, "ladders", Erasing.COUNTED),
    "intended_clash": Personal(Purpose.PEOPLE, "clashes_intended", Erasing.GONE),
    "agenda_speaker": Personal(Purpose.PEOPLE, "", Erasing.COUNTED, "who spoke; the name is that of the person's row"),
    "speaker_booking": Personal(
        Purpose.PEOPLE, "", Erasing.COUNTED, "times of activities, in the export's invitations"
    ),
    # attendance
    "attendance": Personal(Purpose.ATTENDANCE, "invitations", Erasing.COUNTED),
    "scan": Personal(Purpose.ATTENDANCE, "scans", Erasing.BLANK),
    "signed_line": Personal(Purpose.ATTENDANCE, "signed_lists", Erasing.COUNTED),
    "signed_list": Personal(Purpose.ATTENDANCE, "signed_lists", Erasing.STAYS, "it bears the signatures of others"),
    "feedback_given": Personal(Purpose.SHORT, "feedback_given_about", Erasing.GONE),
    # calls
    "call": Personal(Purpose.CALLS, "calls", Erasing.BLANK),
    "call_claim": Personal(Purpose.PEOPLE, "calls", Erasing.GONE),
    "call_question": Personal(Purpose.PEOPLE, "calls", Erasing.GONE),
    "call_invitation": Personal(Purpose.PEOPLE, "", Erasing.COUNTED, _PART),
    # mails
    "message": Personal(Purpose.MESSAGES, "mails", Erasing.BLANK),
    "message_line": Personal(Purpose.MESSAGES, "", Erasing.COUNTED, _PART),
    "attempt": Personal(Purpose.MESSAGES, "", Erasing.BLANK, _PART),
    "sent_mail": Personal(Purpose.MESSAGES, "", Erasing.GONE, "the mail is in the person's own mailbox"),
    "mail_frame": Personal(Purpose.MESSAGES, "", Erasing.STAYS, "what many mails share: no name of one reader"),
    "reminder": Personal(Purpose.PEOPLE, "", Erasing.COUNTED, "when mails about an activity were due"),
    "archived_message": Personal(Purpose.ARCHIVE, "archived_mails", Erasing.BLANK),
    "archived_line": Personal(Purpose.ARCHIVE, "", Erasing.COUNTED, _PART),
    "archived_activity": Personal(Purpose.ARCHIVE, "", Erasing.COUNTED, _PART),
    "minutes_mail": Personal(Purpose.MESSAGES, "", Erasing.COUNTED, _PART),
    "follow_up_line": Personal(Purpose.MESSAGES, "", Erasing.COUNTED, _PART),
    "account_mail": Personal(Purpose.MESSAGES, "", Erasing.STAYS, _OF_STAFF),
    "bell_digest": Personal(Purpose.MESSAGES, "", Erasing.STAYS, _OF_STAFF),
    "incoming_mail": Personal(Purpose.INCOMING, "mails_received", Erasing.BLANK),
    # uploads
    "material": Personal(Purpose.UPLOADS, "materials", Erasing.GONE),
    "proposed_topic": Personal(Purpose.UPLOADS, "topics_proposed", Erasing.GONE),
    "acting_profile": Personal(Purpose.ANSWERS, "sent_as_representative", Erasing.GONE),
    "stored_file": Personal(Purpose.UPLOADS, "", Erasing.GONE, "a file goes with the row that it belongs to"),
    # planning
    "absence": Personal(Purpose.ABSENCES, "absences", Erasing.GONE),
    "absence_calendar": Personal(Purpose.ABSENCES, "absence_calendars", Erasing.GONE),
    "calendar_file": Personal(Purpose.ABSENCES, "absence_calendars", Erasing.GONE),
    "placement": Personal(Purpose.PROPOSALS, "placements", Erasing.BLANK),
    "placement_taken": Personal(Purpose.PROPOSALS, "", Erasing.COUNTED, "ids and times of activities, to undo them"),
    "feed": Personal(Purpose.FEEDS, "calendar_addresses", Erasing.GONE),
    # for hours or days
    "answer_before": Personal(Purpose.SHORT, "", Erasing.GONE, "for a day, to undo an answer"),
    "recorded_before": Personal(Purpose.SHORT, "", Erasing.GONE, "for a day, to undo an answer"),
    # documents
    "letter": Personal(Purpose.DOCUMENTS, "letters", Erasing.STAYS, _DOCUMENT),
    "letter_version": Personal(Purpose.DOCUMENTS, "letters", Erasing.BLANK),
    "letter_invitation": Personal(Purpose.DOCUMENTS, "", Erasing.COUNTED, _PART),
    "returned_file": Personal(Purpose.DOCUMENTS, "", Erasing.STAYS, _DOCUMENT),
    "certificate": Personal(Purpose.DOCUMENTS, "certificates", Erasing.BLANK),
    "minutes": Personal(Purpose.DOCUMENTS, "minutes", Erasing.STAYS, _DOCUMENT),
    "minutes_version": Personal(Purpose.DOCUMENTS, "minutes", Erasing.BLANK),
    "minutes_reply": Personal(Purpose.DOCUMENTS, "minutes_replies", Erasing.BLANK),
    "follow_up": Personal(Purpose.DOCUMENTS, "follow_ups", Erasing.BLANK),
    "activity_photo": Personal(
        Purpose.DOCUMENTS, "", Erasing.STAYS, "a photo says no name; staff delete it when asked"
    ),
    # staff
    "user": Personal(Purpose.ACCOUNTS, "", Erasing.STAYS, _OF_STAFF),
    "user_role": Personal(Purpose.ACCOUNTS, "", Erasing.STAYS, _OF_STAFF),
    "passkey": Personal(Purpose.ACCOUNTS, "", Erasing.STAYS, _OF_STAFF),
    "recovery_code": Personal(Purpose.ACCOUNTS, "", Erasing.STAYS, _OF_STAFF),
    "password_reset": Personal(Purpose.SHORT, "", Erasing.STAYS, _OF_STAFF),
    "user_area": Personal(Purpose.ACCOUNTS, "", Erasing.STAYS, _OF_STAFF),
    "security_event": Personal(Purpose.SECURITY, "", Erasing.STAYS, _OF_STAFF),
    "staff_session": Personal(Purpose.SHORT, "", Erasing.STAYS, _OF_STAFF),
    "reading_link": Personal(Purpose.ACCOUNTS, "", Erasing.STAYS, "the name of a post, and who made the link"),
    "kept_form": Personal(Purpose.SHORT, "", Erasing.STAYS, "sealed, and gone after two hours"),
    "bell_seen": Personal(Purpose.SHORT, "", Erasing.STAYS, _OF_STAFF),
    "device": Personal(Purpose.ATTENDANCE, "", Erasing.STAYS, _OF_STAFF),
    "person_import": Personal(Purpose.AUDIT, "imports", Erasing.STAYS, "the name of a file, and who imported it"),
    "audit_entry": Personal(Purpose.AUDIT, "changes_by_staff", Erasing.BLANK),
    # what was asked about data, and what was erased
    "data_request": Personal(Purpose.REQUESTS, "requests", Erasing.BLANK),
    "privacy_mail": Personal(Purpose.REQUESTS, "", Erasing.BLANK, _PART),
    "consent": Personal(Purpose.PEOPLE, "consents", Erasing.GONE),
    "erased_mark": Personal(Purpose.PEOPLE, "", Erasing.STAYS, "a keyed hash, by which nobody can be found"),
}

NOT_PERSONAL: Mapping[str, str] = {
    **dict.fromkeys(("region", "venue", "office", "role"), "places, the office and its roles"),
    "organisation": "an institution, with the addresses of its office; its secretary is in `assistant`",
    **dict.fromkeys(("programme", "activity", "agenda_item", "reminder_rule", "message_text"), "what the office plans"),
    **dict.fromkeys(("date_poll", "poll_slot", "post", "people_group"), "what the office asks, and what it calls it"),
    **dict.fromkeys(
        ("ladder_rung", "plan_settings", "office_letters", "office_certificates", "indicator_year", "kelurahan_map"),
        "settings of the office",
    ),
    **dict.fromkeys(("import_shape", "trusted_root"), "headings of tables, and certificates of authorities"),
    **dict.fromkeys(("channel", "channel_slot", "heartbeat"), "how the program itself is"),
    **dict.fromkeys(("case_count", "noticed_clash", "documentation"), "counts, clashes of activities, press texts"),
    **dict.fromkeys(
        ("feedback_questions", "feedback_tally", "feedback_remark", "feedback_sealed"),
        "feedback that nobody can tell whose it is (docs/decisions/feedback.md)",
    ),
    **dict.fromkeys(("retention_period", "erased_count", "privacy_text"), "periods, counts and texts, without anybody"),
}
