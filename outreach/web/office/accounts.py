"""Accounts: who may sign in, and with which role (for administrators); and each user's own language."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField, SelectMultipleField, StringField
from wtforms.validators import Length

from outreach import clock
from outreach.domain.kinds import LOCALES, ListName, StaffRole
from outreach.models import User
from outreach.queries.activities import lists as browsing
from outreach.queries.office import pages as office_pages
from outreach.queries.office.pages import StaffRow
from outreach.services.office import staff
from outreach.services.office.staff import Added, UserMissing, UserValues
from outreach.services.sign_in import factors
from outreach.services.sign_in.factors import NoFactors
from outreach.web.exports import columns, file
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import AddressField, ChoiceField, DayField, Sentence, optional_int, strip
from outreach.web.fields.problems import showing_problems
from outreach.web.frame.access import administrator_required, staff_required
from outreach.web.frame.say import say

ROLES = [
    (StaffRole.COORDINATOR.value, _l("Coordinator – plans activities, invites, sends")),
    (StaffRole.VIEWER.value, _l("Viewer – sees everything, changes nothing")),
    (StaffRole.ADMINISTRATOR.value, _l("Administrator – also accounts, the office and the audit log")),
]


OFFICE, AREAS = "office", "areas"
WHERE = [
    (OFFICE, _l("In the whole office")),
    (
        AREAS,
        _l("Only in these kecamatan and kelurahan: their people, organisations, and activities outside programmes"),
    ),
]


class UserForm(TidyForm):
    name = StringField(
        _l("Name"),
        [Sentence(_l("Please write their name.")), Length(max=120)],
        description=_l("Such as Siti Rahmawati."),
    )
    email = AddressField(
        _l("E-mail"),
        [Sentence(_l("Please write the e-mail address that they will sign in with."))],
        description=_l("They sign in with it."),
    )
    role = RadioField(_l("May do"), choices=ROLES, default=StaffRole.COORDINATOR.value)
    where = RadioField(_l("Where"), choices=WHERE, default=OFFICE)
    areas = SelectMultipleField(_l("Kecamatan and kelurahan"), choices=[], validate_choice=False)
    access_until = DayField(
        _l("May sign in until"),
        description=_l("The last day, for somebody who helps for a time. Empty: without end."),
    )
    stands_in_for_id = ChoiceField(_l("Stands in for"), coerce=optional_int, choices=[])
    stands_in_from = DayField(_l("From"))
    stands_in_until = DayField(_l("Until"), description=_l("The last day of the absence."))
    locale = ChoiceField(_l("Language of the pages"), choices=list(LOCALES.items()), default="id")

    def offer(self, accounts: Sequence[StaffRow], own_id: int | None = None) -> None:
        """Offer the accounts for whom this one may stand in."""
        others = [(one.id, one.name or one.email) for one in accounts if one.active and one.id != own_id]
        self.stands_in_for_id.choices = [("", gettext("Nobody")), *others]

    @property
    def values(self) -> UserValues:
        return UserValues(
            name=strip(self.name.data),
            email=strip(self.email.data),
            role=StaffRole(self.role.data) if self.role.data else None,
            locale=self.locale.data,
            active=self.is_active,
            areas=tuple(self.areas.data or ()) if self.where.data == AREAS else None,
            access_until=self.access_until.data,
            stands_in_for_id=self.stands_in_for_id.data,
            stands_in_from=self.stands_in_from.data,
            stands_in_until=self.stands_in_until.data,
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
            where=AREAS if user.area_only else OFFICE,
            areas=[area.code for area in user.areas],
            access_until=user.access_until,
            stands_in_for_id=user.stands_in_for_id,
            stands_in_from=user.stands_in_from,
            stands_in_until=user.stands_in_until,
            **kwargs,
        )

    @property
    def is_active(self) -> bool:
        return bool(self.active.data)


bp = Blueprint("users", __name__)


@bp.get("/users")
@administrator_required
def index() -> Any:
    if file.asked():
        return file.send(ListName.ACCOUNTS, columns.accounts(), office_pages.accounts())
    return _accounts()


@bp.route("/users/new", methods=["GET", "POST"])
@administrator_required
def new() -> Any:
    form = UserForm()
    form.offer(office_pages.accounts())
    if form.validate_on_submit():
        with showing_problems(form):
            return _show_password(staff.add(form.values, by=current_user, now=clock.now()))
    return _form(form, None)


@bp.route("/users/<int:user_id>/edit", methods=["GET", "POST"])
@administrator_required
def edit(user_id: int) -> Any:
    user = _user(user_id)
    form = UserEditForm() if request.method == "POST" else UserEditForm.of(user)
    form.offer(office_pages.accounts(), user_id)
    if form.validate_on_submit():
        with showing_problems(form):
            staff.edit(user_id, form.values, by=current_user, now=clock.now())
            flash(_("%(name)s's account was changed.", name=form.values.name), "success")
            return redirect(url_for(".index"))
    return _form(form, user)


@bp.post("/users/<int:user_id>/password")
@administrator_required
def renew_password(user_id: int) -> str:
    _user(user_id)
    return _show_password(staff.renew_password(user_id, by=current_user, now=clock.now()))


@bp.post("/users/<int:user_id>/factors")
@administrator_required
def reset_factors(user_id: int) -> Response:
    """Take away somebody's second factors and recovery codes. One's own are changed on one's own page."""
    user = _user(user_id)
    try:
        factors.reset(user_id, by=current_user, now=clock.now())
        flash(
            _("%(name)s signs in with the password alone now, and got a mail about it.", name=user.display_name),
            "success",
        )
    except NoFactors as problem:
        flash(say(problem), "info")
    return redirect(url_for(".index"))


@bp.post("/language")
@staff_required
def language() -> Response:
    staff.choose_language(current_user.id, request.form.get("locale", ""))
    back = urlsplit(request.form.get("back", "/"))
    safe = back.path if back.path.startswith("/") and not back.path.startswith(("//", "/\\")) else "/"
    return redirect(safe + (f"?{back.query}" if back.query else ""))


def _form(form: UserForm, user: User | None) -> tuple[str, int]:
    page = render_template("office/account.html", form=form, user=user, districts=browsing.districts())
    return page, 422 if form.is_submitted() else 200


def _user(user_id: int) -> staff.User:
    try:
        return office_pages.account(user_id)
    except UserMissing:
        abort(404)


def _show_password(added: Added) -> str:
    """Show a new password in the answer to the request that makes it. It is stored nowhere, not even in a cookie."""
    return _accounts(added)


def _accounts(added: Added | None = None) -> str:
    return render_template(
        "office/accounts.html", users=office_pages.accounts(), added=added, lone=factors.lone_administrator(),
        asked=[role for role in StaffRole if factors.demanded_of(role)],
    )  # fmt: skip
