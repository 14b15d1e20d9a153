"""What an answer page shows of one activity besides its facts: the answer, the typed values, and why it may be closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from outreach.delivery.words import formats
from outreach.delivery.words.labels import label
from outreach.domain.answers import Choice
from outreach.domain.kinds import Role
from outreach.domain.states import ANSWERED, TAKES_A_SEAT, ActivityState, InvitationState
from outreach.queries.answers.page import NamedRepresentative, Nominated, ShownInvitation
from outreach.web.answer_pages.forms import AnswerForm, NominationForm, WhoForm
from outreach.web.answer_pages.read_form import CardForm, stored_choice
from outreach.web.frame.say import say

SPARE_ROWS = 3  # empty rows offered after the people already named


@dataclass
class PersonRow:
    """Name, post, phone and e-mail of somebody, as typed or stored, with their errors.

    id: a nominee's invitation. word: a nominee's answer, if it is not that they come.
    """

    name: str = ""
    post: str = ""
    phone: str = ""
    email: str = ""
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    id: int | str = ""
    state: str = ""
    word: str = ""

    @property
    def empty(self) -> bool:
        return not (self.name or self.post or self.phone or self.email)

    @property
    def wrong(self) -> bool:
        return any(self.errors.values())


@dataclass
class Card:
    shown: ShownInvitation
    answered: bool
    folded: bool  # answered, open, nothing to check again: the choices are hidden until asked for
    open: bool
    closed_because: str  # a sentence; "" while open
    over: bool  # cancelled or held: it offers no calendar file
    moved: bool  # after they answered, and they may answer again
    full: bool  # who answers "coming" now would wait for a seat
    roles: str
    chosen: str
    who: PersonRow  # the representative
    rows: Sequence[PersonRow]  # an organisation's nominees
    error: str
    lost: str  # what was typed and not stored, if it cannot be sent again

    @property
    def wrong(self) -> bool:
        """Whether something on this card was refused. On a phone, it may be far below the top of the page."""
        return bool(self.error) or self.who.wrong or any(row.wrong for row in self.rows)


def cards(
    found: Sequence[ShownInvitation], picked: str, typed: Mapping[int, CardForm], errors: Mapping[int, str]
) -> list[Card]:
    """Return one card for each activity.

    picked: the choice pressed in the mail. It is preselected, even over a stored answer. typed: what was sent but
    refused, by activity. errors: why, by activity.
    """
    return [_card(one, picked, typed.get(one.activity.id), errors.get(one.activity.id, "")) for one in found]


def typed_who(form: WhoForm) -> PersonRow:
    """Return the representative or nominee as a form sent it."""
    typed = form.filled()
    return PersonRow(**{**typed, "phone": formats.phone(typed["phone"])}, errors=form.errors)


def _card(one: ShownInvitation, picked: str, form: CardForm | None, error: str) -> Card:
    is_open = one.refusal is None
    answered = one.state in ANSWERED
    chosen = _chosen(one, picked, form)
    return Card(
        shown=one,
        answered=answered,
        folded=answered and is_open and not one.moved and form is None and chosen == stored_choice(one),
        open=is_open,
        closed_because="" if one.refusal is None or error else say(one.refusal),
        over=one.activity.state is not ActivityState.PUBLISHED,
        moved=one.moved and is_open,
        full=is_open and one.seats_left is not None and one.seats_left <= 0 and one.state not in TAKES_A_SEAT,
        roles=_roles(one),
        chosen=chosen,
        who=typed_who(form) if isinstance(form, AnswerForm) else _row(one.representative),
        rows=_rows(one, form if isinstance(form, NominationForm) else None) if one.quota else (),
        error=error or _head(form),
        lost=_summary(form) if form is not None and not is_open and error else "",
    )


def _chosen(one: ShownInvitation, picked: str, form: CardForm | None) -> str:
    if form is not None:
        return form.choice.data or ""
    allowed = picked and not (one.quota and picked == Choice.REPRESENTED)
    return picked if allowed else stored_choice(one) or ""


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
        words += [one.name for one in form.nominees()] if choice == Choice.COMING else []
    elif choice == Choice.REPRESENTED:
        words += [part for part in form.filled().values() if part]
    return ", ".join(words)


def _roles(one: ShownInvitation) -> str:
    """Return the roles in words; "" if the only role is cadre or participant."""
    if len(one.roles) == 1 and one.roles[0] in (Role.CADRE, Role.PARTICIPANT):
        return ""
    return ", ".join(label(role) for role in sorted(one.roles, key=list(Role).index))


def _row(named: NamedRepresentative) -> PersonRow:
    return PersonRow(named.name, named.post, formats.phone(named.phone), named.email)


def _nominee(named: Nominated) -> PersonRow:
    word = "" if named.state is InvitationState.COMING else label(named.state)
    phone = formats.phone(named.phone)
    return PersonRow(named.name, named.post, phone, named.email, {}, named.invitation_id, named.state.value, word)


def _rows(one: ShownInvitation, form: NominationForm | None) -> list[PersonRow]:
    rows = [_nominee(named) for named in one.nominees]
    if form is not None:
        words = {str(row.id): row for row in rows}
        rows = []
        for sent in form.rows:
            row = typed_who(sent.form)
            known = words.get(sent.form.row.data or "")
            if known:
                row.id, row.state, row.word = known.id, known.state, known.word
            rows.append(row)
    filled = [row for row in rows if not row.empty or row.wrong]
    return filled + [PersonRow()] * max(0, min(one.quota - len(filled), SPARE_ROWS))
