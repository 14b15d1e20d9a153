"""What an answer page says of one activity beyond its facts: the answer, what was typed, and why it may be closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from outreach.delivery.wording import label
from outreach.domain.answers import Choice
from outreach.domain.kinds import Role
from outreach.domain.states import ANSWERED, TAKES_A_SEAT, ActivityState, InvitationState
from outreach.services.answerpage import Named, Shown
from outreach.web.forms.answer_forms import AnswerForm, NominationForm
from outreach.web.shell import say

SPARE_ROWS = 3  # empty rows offered beyond the people already named


@dataclass
class Row:
    """Somebody's name, post, phone and e-mail as typed or stored, with what is wrong with them."""

    name: str = ""
    post: str = ""
    phone: str = ""
    email: str = ""
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not (self.name or self.post or self.phone or self.email)

    @property
    def blank(self) -> bool:
        """Return whether the row is drawn as for everybody: nothing in it, and nothing wrong with it."""
        return self.empty and not any(self.errors.values())


@dataclass
class Card:
    shown: Shown
    answered: bool
    open: bool
    closed_because: str  # a sentence; empty while open
    over: bool  # cancelled or held: nothing to put into a calendar
    moved: bool  # since they answered, and they may answer again
    full: bool  # who says "coming" now would wait for a seat
    roles: str
    chosen: str
    who: Row  # who comes instead
    rows: Sequence[Row]  # whom an organisation sends
    error: str


Sent = AnswerForm | NominationForm


def cards(
    found: Sequence[Shown], picked: Choice | None, typed: Mapping[int, Sent], errors: Mapping[int, str]
) -> list[Card]:
    """Return one card for each activity.

    picked: preselected where no answer is stored. typed: forms sent back, and errors: their sentences, by activity.
    """
    return [_card(one, picked, typed.get(one.activity.id), errors.get(one.activity.id, "")) for one in found]


def typed_who(form: AnswerForm) -> Row:
    """Return who comes instead as a form sent it."""
    fields: dict[str, Any] = {n: form[f"representative_{n}"] for n in ("name", "post", "phone", "email")}
    return Row(**{n: f.data or "" for n, f in fields.items()}, errors={n: f.errors for n, f in fields.items()})


def _card(one: Shown, picked: Choice | None, form: Sent | None, error: str) -> Card:
    is_open = one.refusal is None
    closed_because = "" if one.refusal is None else say(one.refusal)
    return Card(
        shown=one,
        answered=one.state in ANSWERED,
        open=is_open,
        closed_because=closed_because,
        over=one.activity.state is not ActivityState.PUBLISHED,
        moved=one.moved and is_open,
        full=is_open and one.seats_left is not None and one.seats_left <= 0 and one.state not in TAKES_A_SEAT,
        roles=_roles(one),
        chosen=(form.choice.data if form else _stored_choice(one) or picked) or "",
        who=typed_who(form) if isinstance(form, AnswerForm) else _row(one.representative),
        rows=_rows(one, form if isinstance(form, NominationForm) else None) if one.quota else (),
        error="" if error == closed_because else error,
    )


def _roles(one: Shown) -> str:
    """Return the roles in words, where they are more than being there."""
    if len(one.roles) == 1 and one.roles[0] in (Role.CADRE, Role.PARTICIPANT):
        return ""
    return ", ".join(label(role) for role in sorted(one.roles, key=list(Role).index))


def _stored_choice(one: Shown) -> Choice | None:
    if one.state not in ANSWERED:
        return None
    if one.state is InvitationState.NOT_COMING:
        return Choice.NOT_COMING
    return Choice.REPRESENTED if one.representative.name else Choice.COMING


def _row(named: Named) -> Row:
    return Row(named.name, named.post, named.phone, named.email)


def _rows(one: Shown, form: NominationForm | None) -> list[Row]:
    if form is None:
        rows = [_row(named) for named in one.nominees]
    else:
        rows = [
            Row(
                r.form["name"].data or "",
                r.form.post.data or "",
                r.form.phone.data or "",
                r.form.email.data or "",
                r.form.errors,
            )
            for r in form.rows
        ]
    filled = [row for row in rows if not row.empty]
    return filled + [Row()] * max(0, min(one.quota - len(filled), SPARE_ROWS))
