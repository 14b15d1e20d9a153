"""Show a problem's sentence at the form field it is about."""

from collections.abc import Iterator, Mapping

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import FieldList, Form, FormField

from outreach.domain.problems import Problem
from outreach.services.locking import Stale
from outreach.web.frame.say import say

# Field names of services that have another name in forms.
FIELDS = {
    "starts_at": "on",
    "ends_at": "ends",
    "registration_at": "registration",
    "respond_by_at": "respond_on",
    "ends_on": "days",
}


def show_problem(form: FlaskForm, problem: Problem, names: Mapping[str, str] = FIELDS) -> None:
    """Add the problem's sentence to its field, or to the whole form if it has no such field."""
    sentence = say(problem)
    wanted = problem.field or ""
    field = form._fields.get(wanted) or form._fields.get(names.get(wanted, ""))
    if field is None:
        form.form_errors.append(sentence)
    else:
        field.errors = [*field.errors, sentence]


def show_refused(form: FlaskForm, problem: Problem, version: int) -> None:
    """Show why a change was refused. If somebody else was faster, the form gets the current version, so resending works."""
    show_problem(form, problem)
    if isinstance(problem, Stale):
        form.version.data = str(version)


def mistakes(form: Form, whose: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield each error of a form: its field's id, the field's label, the sentence."""
    for field in form:
        if isinstance(field, FieldList):
            for number, entry in enumerate(field.entries, start=1):
                yield from mistakes(entry.form, gettext("Activity %(number)d", number=number))
        elif not isinstance(field, FormField):
            label = f"{whose}: {field.label.text}" if whose else str(field.label.text)
            yield from ((field.id, label, str(error)) for error in field.errors)
