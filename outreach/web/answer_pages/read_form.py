"""Read the form of an answer page: one form with all cards, so no choice is lost, whichever button was pressed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from outreach.domain.answers import Choice
from outreach.domain.states import ANSWERED, InvitationState
from outreach.queries.answers.page import AnswerPage, ShownInvitation
from outreach.services.answers.answer import LinkAnswer, NothingToAnswer
from outreach.web.answer_pages.forms import UNCHOSEN, AnswerForm, NominationForm
from outreach.web.fields.fields import whole

MOST_CARDS = 100
ANSWERING = re.compile(r"(\d{1,9})-(?:(choice)|rows-\d{1,3}-name)")  # names are an answer, too; an empty row is not
CardForm = AnswerForm | NominationForm


@dataclass
class Sent:
    """forms: as typed, by activity. replies: answers to record. wrong: whether something typed is invalid."""

    forms: dict[int, CardForm] = field(default_factory=dict)
    replies: dict[int, LinkAnswer] = field(default_factory=dict)
    wrong: bool = False
    notice: str = ""


def read(found: AnswerPage, values: MultiDict[str, str]) -> Sent:
    """Return what is new: the card with the pressed button, and all cards whose answer differs from the stored one.

    A choice that a mail's link preselected over a stored answer counts only on the card whose button was pressed.
    """
    sent = Sent()
    shown = {one.activity.id: one for one in found.activities}
    pressed = whole(values.get("card", ""))
    preselected = values.get("pilih", "")
    if found.invitee.organisation and "same" in values:
        values = _same_for_all(values, shown, preselected)
        pressed = 0
    ids = {whole(match[1]) for key in values if (match := ANSWERING.fullmatch(key)) and (match[2] or values[key])}
    for activity_id in sorted({*ids, *([pressed] if pressed else [])})[:MOST_CARDS]:
        form = _form(found, values, activity_id)
        sent.forms[activity_id] = form
        one = shown.get(activity_id)
        if activity_id != pressed and not _is_new(form, one, preselected):
            continue
        if activity_id == pressed and not form.choice.data and len(ids) > 1:
            continue  # the button was pressed for choices on other cards
        if form.validate():
            sent.replies[activity_id] = form.reply()
        else:
            sent.wrong = True
            sent.notice = "" if one else gettext(NothingToAnswer.message)
    if not sent.replies and not sent.wrong:
        sent.wrong, sent.notice = True, str(UNCHOSEN)
    return sent


def stored_choice(one: ShownInvitation) -> Choice | None:
    """Return the choice that an invitee has made. Waiting for a seat means that they chose coming or represented."""
    if one.state not in ANSWERED:
        return None
    if one.state is InvitationState.NOT_COMING:
        return Choice.NOT_COMING
    return Choice.REPRESENTED if one.representative.name else Choice.COMING


def _form(found: AnswerPage, values: MultiDict[str, str], activity_id: int) -> CardForm:
    if not found.invitee.organisation:
        return AnswerForm(values, prefix=f"{activity_id}-")
    form = NominationForm(values, prefix=f"{activity_id}-")
    if not form.choice.data and form.nominees():
        form.choice.data = Choice.COMING.value  # writing names means that they come
    return form


def _is_new(form: CardForm, one: ShownInvitation | None, preselected: str) -> bool:
    choice = form.choice.data
    if not choice:
        return False
    if isinstance(form, NominationForm):
        return _names_are_new(form, one, preselected)
    who = tuple(form.filled().values())
    stored = stored_choice(one) if one else None
    if choice == stored:
        return choice == Choice.REPRESENTED and one is not None and who != tuple(one.representative)
    return choice != preselected or (stored is None and (choice != Choice.REPRESENTED or any(who)))


def _names_are_new(form: NominationForm, one: ShownInvitation | None, preselected: str) -> bool:
    stored = stored_choice(one) if one else None
    if form.choice.data == Choice.NOT_COMING:
        return stored != Choice.NOT_COMING and (stored is None or preselected != Choice.NOT_COMING)
    rows = [tuple(row.form.filled().values()) for row in form.rows]
    known = [tuple(named[:4]) for named in one.nominees] if one else []
    return [row for row in rows if any(row)] != known


def _same_for_all(
    values: MultiDict[str, str], shown: Mapping[int, ShownInvitation], preselected: str
) -> MultiDict[str, str]:
    """Return the values with the first open card's names copied to open cards without names that were not declined."""
    open_ids = [activity_id for activity_id, one in shown.items() if one.refusal is None]
    if not open_ids or values.get(f"{open_ids[0]}-choice") == Choice.NOT_COMING:
        return values
    first = f"{open_ids[0]}-"
    copied = {key.removeprefix(first): value for key, value in values.items() if key.startswith(first)}
    found = MultiDict(values)
    for activity_id in open_ids[1:]:
        if not _nobody_yet(values, shown[activity_id], preselected):
            continue
        for key in [key for key in found if key.startswith(f"{activity_id}-")]:
            del found[key]
        found.update({f"{activity_id}-{k}": v for k, v in copied.items() if not k.endswith("-row")})
    return found


def _nobody_yet(values: MultiDict[str, str], one: ShownInvitation, preselected: str) -> bool:
    """Return whether an activity has no names, stored or just typed, and was not declined."""
    card = f"{one.activity.id}-"
    typed = any(value.strip() for key, value in values.items() if re.fullmatch(rf"{card}rows-\d+-name", key))
    declined = values.get(f"{card}choice") == Choice.NOT_COMING != preselected
    return not (one.nominees or typed or declined or stored_choice(one) is Choice.NOT_COMING)
