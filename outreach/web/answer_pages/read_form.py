"""Read the form of an answer page: one form with all cards, so nothing typed is lost, whichever button was pressed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from outreach.domain.answers import Choice, Representative
from outreach.domain.states import ANSWERED, InvitationState
from outreach.queries.answers.page import AnswerPage, ShownInvitation
from outreach.services.answers.answer import LinkAnswer, NothingToAnswer
from outreach.web.answer_pages.forms import (
    MOST_ROWS,
    ROWS_BEYOND,
    UNCHOSEN,
    AnswerForm,
    NominationForm,
    stored_nominee,
)

MOST_CARDS = 100
MOST_UNKNOWN = 3  # cards of activities that are not on the page, such as one that was withdrawn meanwhile
FIELDS_OF_A_ROW, FIELDS_OF_A_CARD = 8, 10
PRESSED = re.compile(r"(\d{1,9})-choice")
TYPED = re.compile(r"(\d{1,9})-(?:rows-\d{1,3}-)?(?:name|post|phone|email)")  # a typed name is an answer, too
CardForm = AnswerForm | NominationForm


@dataclass
class Sent:
    """forms: as typed, by activity. replies: answers to record. wrong: activities where something typed is invalid."""

    forms: dict[int, CardForm] = field(default_factory=dict)
    replies: dict[int, LinkAnswer] = field(default_factory=dict)
    wrong: list[int] = field(default_factory=list)
    notice: str = ""


def most_fields(found: AnswerPage) -> int:
    """Return how many fields the form of an organisation's page can have, with all rows that are read."""
    rows = sum(_most_rows(one) + 1 for one in found.activities)
    return FIELDS_OF_A_ROW * rows + FIELDS_OF_A_CARD * (len(found.activities) + 1)


def read(found: AnswerPage, values: MultiDict[str, str]) -> Sent:
    """Return what is new: the card with the pressed button, and all cards whose names differ from the stored ones.

    Of an organisation's list, valid names are recorded even if others are invalid: a card can be in `replies` and in
    `wrong`.
    """
    sent = Sent()
    shown = {invitation.activity.id: invitation for invitation in found.activities}
    if found.invitee.organisation and "same" in values:
        values = _same_for_all(found, values, shown)
    pressed, typed = _ids(PRESSED, values), _ids(TYPED, values)
    sent_ids = sorted(pressed | typed)
    unknown = [activity_id for activity_id in sent_ids if activity_id not in shown][MOST_UNKNOWN:]
    for activity_id in [id_ for id_ in sent_ids if id_ not in unknown][:MOST_CARDS]:
        form, one = _form(found, values, activity_id), shown.get(activity_id)
        if activity_id not in pressed and not _names_are_new(form, one):
            continue
        sent.forms[activity_id] = form
        if form.validate():
            sent.replies[activity_id] = form.reply(one)
            continue
        sent.wrong.append(activity_id)
        sent.notice = sent.notice or ("" if one else gettext(NothingToAnswer.message))
        if one and isinstance(form, NominationForm) and (valid := form.valid_nominees(one)):
            sent.replies[activity_id] = LinkAnswer(Choice.COMING, nominees=valid)
    if not sent.replies and not sent.wrong:
        sent.notice = str(UNCHOSEN)
    return sent


def stored_choice(one: ShownInvitation) -> Choice | None:
    """Return the choice that an invitee has made. Waiting for a seat means that they chose coming or represented."""
    if one.state not in ANSWERED:
        return None
    if one.state is InvitationState.NOT_COMING:
        return Choice.NOT_COMING
    return Choice.REPRESENTED if one.representative.name else Choice.COMING


def _ids(pattern: re.Pattern[str], values: MultiDict[str, str]) -> set[int]:
    return {int(match[1]) for key in values if (match := pattern.fullmatch(key)) and values[key].strip()}


def _form(found: AnswerPage, values: MultiDict[str, str], activity_id: int) -> CardForm:
    """Return a card's form. Writing names without pressing a button means that they come."""
    if not found.invitee.organisation:
        form = AnswerForm(values, prefix=f"{activity_id}-")
        form.choice.data = form.choice.data or Choice.REPRESENTED.value
        return form
    one = next((one for one in found.activities if one.activity.id == activity_id), None)
    office = NominationForm(values, prefix=f"{activity_id}-", most_rows=_most_rows(one))
    office.choice.data = office.choice.data or Choice.COMING.value
    return office


def _most_rows(one: ShownInvitation | None) -> int:
    """Return how many people of a card are read; of an activity that is not on the page, hardly any."""
    return min(2 * max(one.quota, len(one.nominees)) + ROWS_BEYOND, MOST_ROWS) if one else 1


def _names_are_new(form: CardForm, one: ShownInvitation | None) -> bool:
    if one is None:
        return True
    if isinstance(form, NominationForm):
        sent = [row.form.nominee(one) for row in form.rows if any(row.form.filled().values()) or row.form.row.data]
        return sent != [stored_nominee(named) for named in one.nominees]
    return form.representative(one) != Representative(*one.representative)


def _same_for_all(
    found_page: AnswerPage, values: MultiDict[str, str], shown: Mapping[int, ShownInvitation]
) -> MultiDict[str, str]:
    """Return the values with the first open card's names copied to open cards without names that were not declined.

    Names that are not valid are not copied: they are asked for once, and copied when they are sent again.
    """
    open_ids = [activity_id for activity_id, one in shown.items() if one.refusal is None]
    if not open_ids or values.get(f"{open_ids[0]}-choice") == Choice.NOT_COMING:
        return values
    if not _form(found_page, values, open_ids[0]).validate():
        return values
    first = f"{open_ids[0]}-"
    copied = {key.removeprefix(first): value for key, value in values.items() if key.startswith(first)}
    found = MultiDict(values)
    for activity_id in open_ids[1:]:
        if not _nobody_yet(values, shown[activity_id]):
            continue
        for key in [key for key in found if key.startswith(f"{activity_id}-")]:
            del found[key]
        found.update({f"{activity_id}-{k}": v for k, v in copied.items() if not k.endswith("-row")})
    return found


def _nobody_yet(values: MultiDict[str, str], one: ShownInvitation) -> bool:
    """Return whether an activity has no names, stored or just typed, and was not declined."""
    card = f"{one.activity.id}-"
    typed = any(value.strip() for key, value in values.items() if re.fullmatch(rf"{card}rows-\d+-name", key))
    declined = values.get(f"{card}choice") == Choice.NOT_COMING
    return not (one.nominees or typed or declined or stored_choice(one) is Choice.NOT_COMING)
