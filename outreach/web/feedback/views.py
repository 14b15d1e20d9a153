"""An activity's feedback: its result on a page, on paper and as a list; and the questions of the office and of an activity."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import BooleanField, StringField
from wtforms.validators import Length

from outreach import clock
from outreach.delivery.words import feedback as words
from outreach.domain.feedback import FEWEST, FIELDS, MOST_IN_A_QUESTION
from outreach.domain.kinds import ListName
from outreach.extensions import db
from outreach.models import Activity
from outreach.queries import feedback as feedback_pages
from outreach.queries.invitations.lists import activity_of
from outreach.services.feedback import questions as asking
from outreach.services.feedback.questions import QuestionTexts
from outreach.services.locking import ActivityMissing
from outreach.web.exports import columns, file
from outreach.web.fields.base import TidyForm
from outreach.web.fields.problems import missing_page, showing_problems
from outreach.web.frame.access import coordinator_required, staff_required

bp = Blueprint("feedback", __name__)
missing_page(bp, ActivityMissing)
TEXTS = (*FIELDS, "remark")


class QuestionsForm(TidyForm):
    """The texts that are asked. An empty one, or the usual one as it stands, is the usual one."""

    first = StringField(_l("First question"), validators=[Length(max=MOST_IN_A_QUESTION)])
    second = StringField(_l("Second question"), validators=[Length(max=MOST_IN_A_QUESTION)])
    third = StringField(_l("Third question"), validators=[Length(max=MOST_IN_A_QUESTION)])
    remark = StringField(_l("Above the line for own words"), validators=[Length(max=MOST_IN_A_QUESTION)])

    def fill(self, texts: QuestionTexts) -> None:
        for name, usual in _usual().items():
            self[name].data = getattr(texts, name) or usual

    @property
    def texts(self) -> QuestionTexts:
        typed = {name: (self[name].data or "").strip() for name in TEXTS}
        return QuestionTexts(**{name: "" if text == _usual()[name] else text for name, text in typed.items()})


class ActivityQuestionsForm(QuestionsForm):
    asked = BooleanField(_l("Ask those who were there about this activity"))


@bp.get("/activities/<int:activity_id>/feedback")
@staff_required
def result(activity_id: int) -> Any:
    activity = activity_of(activity_id)
    found = feedback_pages.result(activity_id)
    if file.asked():
        return file.send(ListName.FEEDBACK, columns.feedback(), columns.feedback_rows(found), of=activity.title)
    session, now = db.session(), clock.now()
    return render_template(
        "feedback/result.html", activity=activity, result=found, words=words, fewest=FEWEST,
        asked=asking.are_asked(session, activity_id), may_change_questions=asking.may_change(activity, now),
    )  # fmt: skip


@bp.route("/activities/<int:activity_id>/feedback/questions", methods=["GET", "POST"])
@coordinator_required
def questions(activity_id: int) -> Any:
    """Change what is asked about one activity, until it has ended."""
    activity = activity_of(activity_id)
    form = ActivityQuestionsForm()
    if form.validate_on_submit():
        with showing_problems(form, but=ActivityMissing):
            asking.save_of_activity(
                activity_id, form.texts, form.asked.data, by=current_user, now=clock.now()
            )  # fmt: skip
            flash(_("Saved."), "success")
            return redirect(url_for(".result", activity_id=activity_id))
    if not form.is_submitted():
        form.fill(asking.texts_of(db.session(), activity_id))
        form.asked.data = asking.are_asked(db.session(), activity_id)
    return _page(form, activity)


@bp.route("/feedback/questions", methods=["GET", "POST"])
@coordinator_required
def usual_questions() -> Any:
    """Change what is asked about every activity that has no questions of its own."""
    form = QuestionsForm()
    if form.validate_on_submit():
        asking.save(form.texts, by=current_user, now=clock.now())
        flash(_("Saved."), "success")
        return redirect(url_for(".usual_questions"))
    if not form.is_submitted():
        form.fill(asking.texts_of(db.session(), None))
    return _page(form, None)


def _page(form: QuestionsForm, activity: Activity | None) -> Any:
    status = 422 if form.is_submitted() else 200
    return render_template("feedback/questions.html", form=form, activity=activity, words=words), status


def _usual() -> dict[str, str]:
    return dict(zip(TEXTS, (*map(str, words.QUESTIONS), str(words.REMARK)), strict=True))
