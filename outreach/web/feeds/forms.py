"""The form to make a calendar address, for staff."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from outreach.delivery.words.labels import label
from outreach.domain.kinds import FeedScope
from outreach.queries import calendar as calendars
from outreach.queries.activities import lists as browsing
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import ChoiceField, optional_int
from outreach.web.invitations.forms import text


class FeedForm(TidyForm):
    name = text(
        _l("Whose calendar it is for"),
        120,
        description=_l("Such as “HP Kepala Bidang”: so you know later which to stop."),
    )
    scope = ChoiceField(_l("What it shows"))
    programme_id = ChoiceField(_l("Programme"), coerce=optional_int)
    venue_id = ChoiceField(_l("Venue"), coerce=optional_int)
    person_id = ChoiceField(_l("Person"), coerce=optional_int)

    def __init__(self, *args: Any, person_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        none: tuple[int | str, str] = ("", gettext("Please choose"))
        self.scope.choices = [(scope.value, label(scope)) for scope in FeedScope]
        self.programme_id.choices = [none, *browsing.programme_choices()]
        self.venue_id.choices = [none, *((id, name) for id, name, _capacity in browsing.venue_choices())]
        self.person_id.choices = [none, *calendars.person_choices(person_id or self.person_id.data)]

    @property
    def chosen_scope(self) -> FeedScope:
        return FeedScope(self.scope.data)

    @property
    def subject_id(self) -> int | None:
        """Return the id of the chosen scope's subject; None for everything."""
        fields = {
            FeedScope.PROGRAMME: self.programme_id, FeedScope.VENUE: self.venue_id, FeedScope.PERSON: self.person_id,
        }  # fmt: skip
        field = fields.get(self.chosen_scope)
        return field.data if field is not None else None
