"""Showing a problem's sentence at the form field it is about."""

from collections.abc import Iterator, Mapping

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import FieldList, Form, FormField

from outreach.domain.problems import Problem
from outreach.services.locking import Stale
from outreach.web.frame.say import say

# What services call a field, where a form calls it otherwise.
FIELDS = {
    "starts_at": "on",
    "ends_at": "ends",
    "registration_at": "registration",
    "respond_by_at": "respond_on",
    "ends_on": "days",
}


def show_problem(form: FlaskForm, problem: Problem, names: Mapping[str, str] = FIELDS) -> None:
    """Put the problem's sentence beside its field, or at the head of the form where it is about no field of it."""
    sentence = say(problem)
    wanted = problem.field or ""
    field = form._fields.get(wanted) or form._fields.get(names.get(wanted, ""))
    if field is None:
        form.form_errors.append(sentence)
    else:
        field.errors = [*field.errors, sentence]


def show_refused(form: FlaskForm, problem: Problem, version: int) -> None:
    """Show why a change was refused. Where somebody was faster, the form takes the present version: sent again, it holds."""
    show_problem(form, problem)
    if isinstance(problem, Stale):
        form.version.data = str(version)


def mistakes(form: Form, whose: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield each mistake of a form: the id of its field, the field's label, the sentence."""
    for field in form:
        if isinstance(field, FieldList):
            for number, entry in enumerate(field.entries, start=1):
                yield from mistakes(entry.form, gettext("Activity %(number)d", number=number))
        elif not isinstance(field, FormField):
            label = f"{whose}: {field.label.text}" if whose else str(field.label.text)
            yield from ((field.id, label, str(error)) for error in field.errors)
