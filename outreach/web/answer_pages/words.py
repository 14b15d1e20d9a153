"""The words of the answer pages that are the same for everybody, looked up once for each language."""

from functools import lru_cache
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from outreach.delivery.words import addressing
from outreach.delivery.words.labels import label
from outreach.domain.answers import Choice
from outreach.domain.kinds import NamedBy
from outreach.domain.states import ANSWERED, ActivityState, InvitationState


def promised(state: InvitationState) -> str:
    """Return an answer as a promise, in words that no page uses for attendance."""
    if state is InvitationState.COMING:
        return _("Will come")
    return _("Will not come") if state is InvitationState.NOT_COMING else label(state)


def office_word(choice: Choice) -> str:
    """Return an organisation's answer in words: it sends people, or nobody."""
    return _("Sending nobody") if choice is Choice.NOT_COMING else _("Sending people")


def words(language: str) -> dict[str, Any]:
    """Return the words in a language, which must be the current one, as they address the current reader."""
    return _words(language, addressing.reads_child())


@lru_cache(8)
def _words(language: str, _child: bool) -> dict[str, Any]:
    return {
        "title": _("Invitation"),
        "dear": _("Dear"),
        "time": _("Time"),
        "registration": _("Check-in"),  # in English a shorter word than in mails: it stands in a narrow column
        "place": _("Place"),
        "no_place": _("to be announced"),
        "role": _("As"),
        "address": _("Address"),
        "topics": _("Topic"),
        "bring": _("To bring"),
        "map": _("Show on a map"),
        "why": _("Say why (optional)"),
        "why_and_when": _("Say why, or propose another day (optional)"),
        "materials": _("Speakers' materials"),
        "own_materials": _("Your materials: topic, slides, biography"),
        "in_their_place": _("in place of %(name)s"),
        "sent_by": _("sent by %(name)s"),
        "calendar": _("Add to calendar"),
        "door_code": _("Code for the entrance"),
        "certificates": _("Your certificates"),
        "photos": _("Photos"),
        "feedback": _("How was it? Three questions, without your name"),
        "yours": _("Your answer:"),
        "waiting": _("All seats are taken. You are on the waiting list; we write to you as soon as a seat is free."),
        "cancelled": label(ActivityState.CANCELLED),
        "postponed": _("Postponed"),
        "before": _("Before"),
        "withdrawn": _("Invitation cancelled"),
        "reason": _("Reason:"),
        "lost": _("What you sent:"),
        "own": Markup("") if language == "id" else Markup(' lang="id"'),  # what the office wrote is in Indonesian
        "error": _("Error:"),
        "unstored": _("Your answer was not stored."),
        "unstored_yet": _("Your answer was not stored yet."),
        "mixed": _("What was complete is stored. Please correct what is marked below:"),
        "marked": _("Your answer was not stored yet. Please correct what is marked below:"),
        "undone": _("Your last answer was undone."),
        "take_off": _("To take somebody off the list, empty their name."),
        "whom": _("Who is sent?"),
        "full": _("All seats are taken. If you choose “Coming”, we put you on the waiting list."),
        "moved_declined": _(
            "Time or place have changed since you answered no. If it is possible now, please change your answer."
        ),
        "moved": _("Time or place have changed since you answered. Please look whether your answer still holds."),
        "question": _("Will you come?"),
        "question_for": _("Will %(name)s come?"),
        "question_office": _("Do you send people?"),
        "sending": office_word(Choice.COMING),
        "sending_nobody": office_word(Choice.NOT_COMING),
        "send_list": _("Send this list"),
        "sure": _("Yes, send nobody"),
        "not_sure": _("No, leave it as it is"),
        "picked": _("Your choice is not sent yet. Press it once more to send it:"),
        "picked_below": _("Your choice is not sent yet. Please press it below."),
        "picked_represented": _("Your choice is not sent yet. Please write who comes instead, and send it."),
        "picked_office": _("Your choice is not sent yet. Please write who is sent, and send it."),
        "to_the_name": _("Write the name"),
        "to_the_names": _("Write the names"),
        "stored_in_part": _("on record: %(what)s. Leave this empty to keep it."),
        "use": _("Use %(address)s"),
        "undo": _("Undo this answer"),
        "google": _("Google Calendar"),
        "coming": _("Coming"),
        "not_coming": _("Not coming"),
        "represented": _("Somebody else comes in my place"),
        "represented_for": _("Somebody else comes in their place"),
        "send_represented": _("Send: represented"),
        "name": _("Name"),
        "rank": _("Rank (optional)"),
        "post": _("Post (optional)"),
        "phone": _("Phone (optional)"),
        "email": _("E-mail for reminders (optional)"),
        "send": _("Send answer"),
        "change": _("Change answer"),
        "again": _("Send again"),
        "at_once": _("A pressed answer is sent at once."),
        "until": _("You can change it until"),
        "all_coming": _("Coming to all"),
        "all_not_coming": _("Not coming to any"),
        "all_represented": _("Represented at all"),
        "same_names": _("The same people for all activities where nobody is named yet"),
        "changeable": _("You can change your answers here until the time given."),
        "closed": _("There is nothing to answer at present."),
        "no_answer_needed": _("You need not answer it any more."),
        "nothing": _("There is no activity here at present to which you are invited."),
        "which_dates": _("Which dates suit you?"),
        "dates_given": _("answered"),
        "choose_dates": _("Choose dates"),
        "dates_until": _("Please answer by"),
        "questions": _("Any questions?"),
        "call": _("Call"),
        "away": _("When can you not come?"),
        "own_calendar": _("In your own calendar"),
        "data": _("Reminders and your data"),
        "stopped": _("You get no reminders, as you asked."),
        "resume": _("Send me reminders again"),
        "reminded": _("We remind you by e-mail before an activity."),
        "stop": _("Send me no more reminders"),
        "stop_question": _("No more reminders?"),
        "stop_done": _("You get no more reminders"),
        "for_assistant": _("%(assistant)s, you answer here for %(name)s, as their adjutant or secretary."),
        "acting_for": _("You come in place of %(name)s."),
        "acting_no_more": _("You are no longer expected here. Somebody else comes, or the invitee answers again."),
        "passed_to": _("Passed on to:"),
        "passed_already": _("This was passed on once already. Please call %(contact)s if you cannot come."),
        "i_come": _("I come"),
        "i_cannot": _("I cannot come"),
        "pass_on": _("Somebody else comes in my place"),
        "send_pass_on": _("Pass it on"),
        "named_by": {
            NamedBy.INVITEE: _("Named on this page or by your calendar."),
            NamedBy.ACTING: _("Passed on by the person whom you had named."),
            NamedBy.STAFF: _("Recorded by our office."),
        },
        "confirmed": _("has said that they come"),
        "take_back": _("Undo who comes"),
        "notices_off": _("Send the notices only to them"),
        "notices_on": _("Send the notices to me, too"),
        "kept_acting": _(
            "We keep your name, post, phone and e-mail as you or the invitee wrote them, only to arrange this activity. "
            "To see, correct or erase them, call the number above."
        ),
        "privacy": _("How we handle your data"),
        "privacy_short": _("Privacy"),
        "see_data": _("See, get, correct or erase your data"),
        "privacy_of_named": _("We keep what you write here about people only to invite them, and tell them so."),
        "versions": _("All versions"),
        "newest_version": _("to the present version"),
        "your_data": _("Your data"),
        "held": _("What we hold about you"),
        "in_part": _("Phone and e-mail are shown only in part, because this link may have been passed on."),
        "asked": _("What you asked"),
        "waits_until": _("waits, at most until"),
        "get_copy": _("A copy of everything"),
        "copy_how": _("We mail a link to the e-mail address that we know of you. It is valid for 24 hours."),
        "mail_copy": _("Mail me the link to my copy"),
        "something_wrong": _("Something is wrong?"),
        "correct_how": _(
            "Fill in only what is wrong. The office checks it; a new e-mail address is confirmed by a mail to it."
        ),
        "ask_correct": _("Ask to correct it"),
        "stop_or_erase": _("Stop or erase"),
        "erase_how": _("If you are erased, nobody invites you any more, and invitations ahead are withdrawn."),
        "ask_erase": _("Ask to be erased"),
        "something_else": _("Something else"),
        "what_else": _("What would you like?"),
        "send_words": _("Send"),
        "copy_title": _("The copy of your data"),
        "copy_kinds": _("PDF is to read, JSON is for other programs. Nothing is stored on this page."),
        "copy_until": _("This link is valid until"),
        "new_address": _("Your new e-mail address"),
        "address_asks": _("Is this address yours, and should our office write here from now on?"),
        "confirm_address": _("Yes, it is mine"),
        "address_confirmed": _("Thank you. The office changes it within 3 × 24 hours."),
        "fields": {
            "name": _("Name"),
            "post": _("Post"),
            "office": _("Organisation"),
            "kelurahan": _("Kelurahan"),
            "kinds": _("Cadre"),
            "email": _("E-mail"),
            "phone": _("Phone"),
            "mails": _("Mails sent"),
            "calls": _("Calls"),
            "files": _("Files"),
            "consents": _("Consents"),
            "invitations": _("Invitations"),
        },
        "stop_kept": _("Should something you accepted change or be cancelled, we still tell you."),
        "invitations": _("See my invitations"),
        "kept": _(
            "We keep your name, post, phone, e-mail and answers, only to arrange these activities. "
            "To see, correct or erase them, call the number above."
        ),
        "kept_feedback": _("Feedback has no name, so nobody can find or erase yours afterwards."),
        "cookie": _("Once an answer is stored, a random number in a cookie shows from which device it came."),
        "states": {state: promised(state) for state in ANSWERED},
        "office_states": {
            **{state: promised(state) for state in ANSWERED},
            InvitationState.COMING: office_word(Choice.COMING),
            InvitationState.NOT_COMING: office_word(Choice.NOT_COMING),
        },
    }
