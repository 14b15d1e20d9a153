"""What an answer page shows of one activity besides its facts: the answer, the typed values, and why it may be closed."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from flask_babel import gettext as _

from outreach.delivery.words import formats
from outreach.delivery.words.labels import label
from outreach.domain.answers import ActivityPostponed, Choice
from outreach.domain.directory.names import rank_of
from outreach.domain.kinds import AnswerSource, Role
from outreach.domain.problems import Problem
from outreach.domain.states import ANSWERED, TAKES_A_SEAT, ActivityState, InvitationState
from outreach.queries.answers.page import NamedRepresentative, Nominated, ShownInvitation
from outreach.web.answer_pages.forms import AnswerForm, NominationForm, WhoForm
from outreach.web.answer_pages.masks import masked_email, masked_phone
from outreach.web.answer_pages.read_form import CardForm, stored_choice
from outreach.web.answer_pages.words import office_word, promised
from outreach.web.frame.say import say

PICK = re.compile(r"(hadir|tidak|wakil)(?:-(\d{1,9}))?")
_PICKS = {"hadir": Choice.COMING, "tidak": Choice.NOT_COMING, "wakil": Choice.REPRESENTED}
SPARE_ROWS = 3  # empty rows offered after the people already named


@dataclass
class PersonRow:
    """Name, rank, post, phone and e-mail of somebody, as typed or stored, with their errors.

    id: a nominee's invitation. word: a nominee's answer, if it is not that they come. known_phone, known_email: a part
    of the stored ones; a link may be forwarded, so the whole values are not shown. suggestion: an e-mail address that
    was probably meant.
    """

    name: str = ""
    post: str = ""
    phone: str = ""
    email: str = ""
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    id: int | str = ""
    state: str = ""
    word: str = ""
    known_phone: str = ""
    known_email: str = ""
    suggestion: str = ""
    rank: str = ""

    @property
    def empty(self) -> bool:
        return not (self.name or self.post or self.phone or self.email)

    @property
    def wrong(self) -> bool:
        return any(self.errors.values())


class Fault(NamedTuple):
    """A refused value.

    id: of the element on the page where it is corrected. field: "name", "email" …; "" for a whole card. row: the number
    of the person in an organisation's list, from 1; 0 outside a list.
    """

    id: str
    field: str
    sentence: str
    row: int = 0


class Pick(NamedTuple):
    """The choice pressed in a mail. activity_id: for which activity; 0 for all, as in mails sent before 1 December 2026."""

    choice: str = ""
    activity_id: int = 0

    @classmethod
    def of(cls, written: str) -> "Pick":
        """Return the choice of a link's parameter: "hadir-12"."""
        found = PICK.fullmatch(written)
        return cls(_PICKS[found[1]], int(found[2] or 0)) if found else cls()

    def choice_for(self, activity_id: int) -> str:
        return self.choice if self.activity_id in (0, activity_id) else ""


@dataclass
class Card:
    shown: ShownInvitation
    answered: bool
    folded: bool  # answered, open, nothing to check again: the choices are hidden until asked for
    asks: str  # the question to an organisation that named people and now sends nobody; "" for no question
    open: bool
    closed_because: str  # a sentence; "" while open
    over: bool  # cancelled, postponed or held: it offers no calendar file
    moved: bool  # after they answered, and they may answer again
    full: bool  # an answer "coming" would now put them on the waiting list
    roles: str
    chosen: str  # what is stored; "" for nothing
    picked: str  # what the mail's link chose and nobody has sent yet
    who: PersonRow  # the representative
    rows: Sequence[PersonRow]  # an organisation's nominees
    error: str
    lost: str  # what was typed and not stored, if it cannot be sent again
    given: str = ""  # how the answer was given, if it came from another device or replaced what came from there

    @property
    def wrong(self) -> bool:
        """Whether something on this card was refused. On a phone, it may be far below the top of the page."""
        return bool(self.faults)

    @property
    def faults(self) -> list[Fault]:
        """Return what has to be corrected on this card, in the order of the page."""
        id_ = self.shown.activity.id
        found = [Fault(f"x{id_}", "", self.error or self.asks)] if self.error or self.asks else []
        found += _faults(f"{id_}-", self.who)
        for number, row in enumerate(self.rows):
            found += [fault._replace(row=number + 1) for fault in _faults(f"{id_}-rows-{number}-", row)]
        return found


def cards(
    found: Sequence[ShownInvitation],
    pick: Pick,
    typed: Mapping[int, CardForm],
    errors: Mapping[int, str],
    asked: Collection[int] = (),
    device: str = "",
) -> list[Card]:
    """Return one card for each activity. device: the mark of the device that opens the page; "" for an unknown one.

    pick: the choice of the button in the mail; it records nothing. typed: what was sent but refused, by activity.
    errors: why, by activity. asked: activities for which the invitee has to confirm the choice.
    """
    return [
        _card(
            shown,
            pick.choice_for(shown.activity.id),
            typed.get(shown.activity.id),
            errors.get(shown.activity.id, ""),
            shown.activity.id in asked,
            device,
        )
        for shown in found
    ]


def typed_who(form: WhoForm) -> PersonRow:
    """Return the representative or nominee as a form sent it."""
    typed = form.filled()
    return PersonRow(
        **{**typed, "phone": formats.phone(typed["phone"]), "rank": typed["rank"] or rank_of(typed["name"])},
        errors=form.errors,
        suggestion=form.suggestion,
    )


def faults_of(row: PersonRow | None, prefix: str = "") -> list[Fault]:
    return _faults(prefix, row) if row else []


def _faults(prefix: str, row: PersonRow) -> list[Fault]:
    return [Fault(f"{prefix}{part}", part, str(errors[0])) for part, errors in row.errors.items() if errors]


def _card(one: ShownInvitation, picked: str, form: CardForm | None, error: str, asks: bool, device: str) -> Card:
    is_open = one.refusal is None
    answered = one.state in ANSWERED
    stored = stored_choice(one) or ""
    says_more = picked != stored or one.moved  # after a move, the same answer confirms the new time
    allowed = is_open and picked and says_more and not (one.quota and picked == Choice.REPRESENTED)
    return Card(
        shown=one,
        answered=answered,
        folded=answered and is_open and not (one.moved or form or asks or allowed),
        asks=_would_be_cancelled(one) if asks else "",
        open=is_open,
        closed_because="" if one.refusal is None or error else _closed_because(one, one.refusal),
        over=one.activity.state is not ActivityState.PUBLISHED or one.state is InvitationState.WITHDRAWN,
        moved=one.moved and is_open,
        full=is_open and one.seats_left is not None and one.seats_left <= 0 and one.state not in TAKES_A_SEAT,
        roles=_roles(one),
        chosen=stored,
        picked=picked if allowed and form is None else "",
        who=_representative(one.representative, form if isinstance(form, AnswerForm) else None),
        rows=_rows(one, form if isinstance(form, NominationForm) else None) if one.quota else (),
        error=error or _head(form),
        lost=_summary(form) if form is not None and not is_open and error else "",
        given=_given(one, device) if answered else "",
    )


def _given(one: ShownInvitation, device: str) -> str:
    """Return how the answer was given: on another device, or replacing an answer from there; "" for neither."""
    given, zone = one.given, one.activity.zone
    if given.source not in (AnswerSource.LINK, AnswerSource.ASSISTANT) or not given.device or given.at is None:
        return ""
    elsewhere = given.device != device
    sentences = []
    if elsewhere:
        sentences.append(
            _("This answer was given on another device, on %(when)s.", when=formats.moment(given.at, zone))
        )
    if given.replaced:
        state = InvitationState(given.replaced["state"])
        before = ", ".join(part for part in (promised(state), given.replaced["who"]) if part)
        at = given.replaced["at"]
        when = formats.moment(datetime.fromisoformat(at), zone) if at else ""
        said = (
            _("Before that: %(answer)s, on %(when)s.")
            if elsewhere
            else _("It replaced an answer from another device: %(answer)s, on %(when)s.")
        )
        sentences.append(said % {"answer": before, "when": when})
    return " ".join(sentences)


def _closed_because(one: ShownInvitation, refusal: Problem) -> str:
    if isinstance(refusal, ActivityPostponed) and one.state is InvitationState.NOT_COMING:
        return _("This activity is postponed. You had answered no, so we do not write to you about the new date.")
    return say(refusal)


def _head(form: CardForm | None) -> str:
    """Return an error about the whole card. Errors of a field are shown at the field."""
    if form is None:
        return ""
    rows = form.rows.errors if isinstance(form, NominationForm) else ()
    return next((str(error) for error in (*form.choice.errors, *rows) if error and not isinstance(error, dict)), "")


def _summary(form: CardForm) -> str:
    """Return what was typed for an activity that takes no more answers, so that it is not lost."""
    choice = form.choice.data
    words = [label(Choice(choice))] if choice in set(Choice) else []
    if isinstance(form, NominationForm):
        words = [office_word(Choice(choice))] if choice in set(Choice) else []
        words += [nominee.name for nominee in form.nominees()] if choice == Choice.COMING else []
    elif choice == Choice.REPRESENTED:
        words += [part for part in form.filled().values() if part]
    return ", ".join(words)


def _roles(one: ShownInvitation) -> str:
    """Return the roles in words; "" if the only role is cadre or participant."""
    if len(one.roles) == 1 and one.roles[0] in (Role.CADRE, Role.PARTICIPANT):
        return ""
    return ", ".join(label(role) for role in sorted(one.roles, key=list(Role).index))


def _would_be_cancelled(one: ShownInvitation) -> str:
    names = "; ".join(named.name for named in one.nominees)  # a name may end with ", S.Pd."
    said = _("These people are on record, and would not be expected any more: %(names)s.", names=names)
    untold = "; ".join(named.name for named in one.nominees if not named.email)
    if not untold:
        return said
    return " ".join((said, _("Without an e-mail address, so please tell them yourself: %(names)s.", names=untold)))


def _representative(named: NamedRepresentative, form: AnswerForm | None) -> PersonRow:
    row = typed_who(form) if form else PersonRow(named.name, named.post, rank=named.rank)
    if row.name.casefold() == named.name.casefold():
        row.known_phone, row.known_email = masked_phone(named.phone), masked_email(named.email)
    return row


def _nominee(named: Nominated) -> PersonRow:
    word = "" if named.state is InvitationState.COMING else promised(named.state)
    row = PersonRow(named.name, named.post, id=named.invitation_id, state=named.state.value, word=word, rank=named.rank)
    row.known_phone, row.known_email = masked_phone(named.phone), masked_email(named.email)
    return row


def _rows(one: ShownInvitation, form: NominationForm | None) -> list[PersonRow]:
    rows = [_nominee(named) for named in one.nominees]
    if form is not None:
        known = {str(row.id): row for row in rows} | {row.name.casefold(): row for row in rows}
        rows = []
        for sent in form.rows:
            row = typed_who(sent.form)
            stored = known.get(sent.form.row.data or "") or known.get(row.name.casefold())
            if stored:
                row.id, row.state, row.word = stored.id, stored.state, stored.word
                row.known_phone, row.known_email = stored.known_phone, stored.known_email
            rows.append(row)
    spare = max(0, min(one.quota - sum(not row.empty or row.wrong for row in rows), SPARE_ROWS))
    filled = [row for row in rows if not row.empty or row.wrong]
    return filled + [PersonRow() for _spare in range(spare)]
