"""Forms of accounts: add a user, and change their rights."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, RadioField, StringField
from wtforms.validators import Length

from outreach.delivery.words.formats import LOCALES
from outreach.domain.kinds import StaffRole
from outreach.models import User
from outreach.services.office import staff
from outreach.services.office.staff import UserValues
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import ChoiceField, Sentence, strip

ROLES = [
    (StaffRole.COORDINATOR.value, _l("Coordinator – plans activities, invites, sends")),
    (StaffRole.VIEWER.value, _l("Viewer – sees everything, changes nothing")),
    (StaffRole.ADMINISTRATOR.value, _l("Administrator – also accounts, the office and the audit log")),
]


class UserForm(TidyForm):
    name = StringField(
        _l("Name"),
        [Sentence(_l("Please write their name.")), Length(max=120)],
        description=_l("Such as Siti Rahmawati."),
    )
    email = EmailField(
        _l("E-mail"),
        [Sentence(_l("Please write the e-mail address that they will sign in with.")), Length(max=254)],
        description=_l("They sign in with it."),
    )
    role = RadioField(_l("May do"), choices=ROLES, default=StaffRole.COORDINATOR.value)
    locale = ChoiceField(_l("Language of the pages"), choices=list(LOCALES.items()), default="id")

    @property
    def values(self) -> UserValues:
        return UserValues(
            name=strip(self.name.data),
            email=strip(self.email.data),
            role=StaffRole(self.role.data) if self.role.data else None,
            locale=self.locale.data,
            active=self.is_active,
        )

    @property
    def is_active(self) -> bool:
        return True


class UserEditForm(UserForm):
    active = BooleanField(
        _l("May sign in"),
        description=_l(
            "Take the tick away when somebody leaves. What they did stays in the audit log; "
            "the calendar addresses that they made stop working."
        ),
    )

    @classmethod
    def of(cls, user: User, **kwargs: Any) -> "UserEditForm":
        """Return the form filled with an account's current values."""
        return cls(
            name=user.name,
            email=user.email,
            role=staff.role_of(user).value,
            locale=user.locale,
            active=user.active,
            **kwargs,
        )

    @property
    def is_active(self) -> bool:
        return bool(self.active.data)
