"""The forms of minutes and of follow-ups."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FormField, StringField, TextAreaField
from wtforms.validators import Length

from outreach.domain.minutes.content import MOST_LETTERS, MinutesItem, MinutesText
from outreach.models import FollowUp, Organisation, Person
from outreach.queries.minutes.page import MinutesPage
from outreach.services.minutes.follow_ups import FollowUpValues
from outreach.web.fields.base import TidyRow
from outreach.web.fields.fields import ChoiceField, DayField, Rows, Sentence, optional_text, strip
from outreach.web.fields.times import Versioned

MAX_ITEMS = 60
OTHER = "0"  # the chair's name is written
LISTS = _l("An empty line begins a paragraph. A line that begins with “-” or “1.” is a line of a list.")


class MinutesRow(TidyRow):
    """One line of the agenda. A row without topic and texts is left out."""

    topic = StringField(_l("Topic"), [Length(max=300)])
    time = StringField(_l("Time"), [Length(max=40)])
    speakers = StringField(_l("Who spoke"), [Length(max=300)])
    discussion = TextAreaField(_l("Discussion"), [Length(max=MOST_LETTERS)])
    decisions = TextAreaField(_l("Decisions"), [Length(max=MOST_LETTERS)])

    @property
    def item(self) -> MinutesItem:
        return MinutesItem(
            strip(self.topic.data), strip(self.time.data), strip(self.speakers.data), text_of(self.discussion.data),
            text_of(self.decisions.data),
        )  # fmt: skip


class MinutesForm(Versioned):
    title = StringField(_l("Title"), [Sentence(_l("Please write the title of the minutes.")), Length(max=200)])
    place = StringField(_l("Place"), [Length(max=300)])
    chair = ChoiceField(_l("Who led the meeting"), choices=[], coerce=optional_text, validate_choice=False)
    chair_name = StringField(_l("Name of somebody else"), [Length(max=160)])
    chair_post = StringField(_l("Post of who led"), [Length(max=160)])
    taker = StringField(_l("Who took the minutes"), [Length(max=160)])
    items = Rows(FormField(MinutesRow), max_entries=MAX_ITEMS)
    further = TextAreaField(_l("Further points"), [Length(max=MOST_LETTERS)], description=LISTS)
    shows_reasons = BooleanField(
        _l("Say why people excused themselves"),
        description=_l("In their own words, in the list of participants. Everybody who gets the minutes reads it."),
    )

    def fill(self, page: MinutesPage) -> None:
        text = page.values.text
        for name in ("title", "place", "taker", "further", "shows_reasons"):
            self[name].data = getattr(text, name)
        self.version.data = str(page.version)
        chair_id = page.minutes.chair_id if page.minutes else next((one.id for one in page.chairs), None)
        self.chair.data = str(chair_id) if chair_id else OTHER
        if not chair_id:
            self.chair_name.data, self.chair_post.data = text.chair, text.chair_post
        for item in text.items:
            self.items.append_entry(
                {name: getattr(item, name) for name in ("topic", "time", "speakers", "discussion", "decisions")}
            )

    def offer(self, page: MinutesPage) -> None:
        """Offer those who spoke or moderated as chair, and who is chosen already."""
        known = {one.id: one for one in page.chairs}
        if page.minutes and page.minutes.chair:
            known.setdefault(page.minutes.chair.id, page.minutes.chair)
        self.chair.choices = [
            *((str(one.id), one.full_name) for one in known.values()),
            (OTHER, _("Somebody else, named below")),
        ]
        self.known_chairs = set(known)

    @property
    def chair_id(self) -> int | None:
        chosen = self.chair.data or OTHER
        return int(chosen) if chosen.isdecimal() and int(chosen) in self.known_chairs else None

    @property
    def text(self) -> MinutesText:
        items = [row.form.item for row in self.items.entries]
        return MinutesText(
            title=strip(self.title.data),
            place=strip(self.place.data),
            chair=strip(self.chair_name.data),
            chair_post=strip(self.chair_post.data),
            taker=strip(self.taker.data),
            items=tuple(item for item in items if item.topic or item.discussion or item.decisions),
            further=text_of(self.further.data),
            shows_reasons=bool(self.shows_reasons.data),
        )


class FollowUpForm(Versioned):
    what = TextAreaField(_l("What is to be done"), [Sentence(_l("Please write what is to be done.")), Length(max=500)])
    owner = ChoiceField(
        _l("Who takes care of it"), choices=[], coerce=optional_text, validate_choice=False,
        description=_l("Somebody who was invited, or an organisation."),
    )  # fmt: skip
    due_on = DayField(_l("Until when"), [Sentence(_l("Please choose until when it is to be done."))])
    note = StringField(_l("Note"), [Length(max=500)])

    def offer(self, people: Sequence[Person], organisations: Sequence[Organisation]) -> None:
        named = [(f"p{one.id}", one.full_name) for one in people]
        offices = [(f"o{one.id}", one.name) for one in organisations]
        self.owner.choices = {
            "": [("", _("Please choose"))], _("People"): named, _("Organisations"): offices,
        }  # fmt: skip

    def fill(self, found: FollowUp) -> None:
        self.what.data, self.due_on.data, self.note.data = found.what, found.due_on, found.note
        self.owner.data = f"p{found.person_id}" if found.person_id else f"o{found.organisation_id}"
        self.version.data = str(found.version)

    @property
    def values(self) -> FollowUpValues:
        chosen = self.owner.data or ""
        id_ = int(chosen[1:]) if chosen[1:].isdecimal() and len(chosen) < 11 else None
        return FollowUpValues(
            strip(self.what.data), id_ if chosen.startswith("p") else None, id_ if chosen.startswith("o") else None,
            self.due_on.data, strip(self.note.data),
        )  # fmt: skip


def text_of(text: Any) -> str:
    """Return a text with plain line ends, without blanks at the end of its lines and empty lines around it."""
    return "\n".join(line.rstrip() for line in (text or "").splitlines()).strip()
