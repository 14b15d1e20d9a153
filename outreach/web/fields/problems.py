"""Show a problem's sentence at the form field it is about."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from flask import flash
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


@dataclass
class Refusal:
    """problem: why what the form asked for was not done; None where it was."""

    problem: Problem | None = None


@contextmanager
def showing_problems(
    form: FlaskForm,
    *,
    but: type[Problem] | tuple[type[Problem], ...] = (),
    names: Mapping[str, str] = FIELDS,
) -> Iterator[Refusal]:
    """Do what a valid form asks for, and go on to the next page from within; a problem is shown in the form instead.

    What follows in the view is then the form's page again, with status 422.
    but: problems that are no matter of the form: they are raised. names: as in show_problem.
    """
    refusal = Refusal()
    try:
        yield refusal
    except but:
        raise
    except Problem as problem:
        refusal.problem = problem
        show_problem(form, problem, names)


@contextmanager
def flashing_problems(
    category: str = "warning", *, but: type[Problem] | tuple[type[Problem], ...] = ()
) -> Iterator[None]:
    """Do what a button asks for; a problem is said on the next page instead. but: as in showing_problems."""
    try:
        yield
    except but:
        raise
    except Problem as problem:
        flash(say(problem), category)


def put_beside(form: FlaskForm, problem: Problem) -> bool:
    """Put the problem's sentence beside the field it is about; return whether the form has that field."""
    field = form._fields.get(problem.field or "")
    if field is not None:
        field.errors = [*field.errors, say(problem)]
    return field is not None


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
    """Show why a change was refused; `version` as in renew_version."""
    show_problem(form, problem)
    renew_version(form, problem, version)


def renew_version(form: FlaskForm, problem: Problem | None, version: int) -> None:
    """Where somebody was faster, let the form take the record's present version: sent again, it holds."""
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
