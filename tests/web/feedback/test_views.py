"""Staff read an activity's feedback from five answers on, and set what is asked."""

from io import BytesIO

from python_calamine import CalamineWorkbook

from outreach.extensions import db
from outreach.models import AuditEntry, FeedbackQuestions
from outreach.services.feedback import questions
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import rows_of
from tests.world.feedback import DAY_AFTER, people, say, were_there


@copied
def came(activity, office, clock_stands):
    found = people(6)
    were_there(activity, *found)
    clock_stands.now = DAY_AFTER
    return found


@copied
def answered(activity, came):
    for person in came[:5]:
        say(activity, person, (5, 4, 2), "=cmd|' /C calc'!A0" if person is came[0] else "")
    return activity


def page_of(client, activity):
    return text_of(client.get(f"/activities/{activity.id}/feedback?lang=en").text)


def test_a_viewer_reads_the_result(viewer_client, answered):
    shown = page_of(viewer_client, answered)
    assert "5 answers · mean 3.7 of 5" in shown
    assert "mean 5.0 of 5" in shown
    assert "=cmd|" in shown
    assert "Questions of the feedback" not in shown
    assert "5 answers · mean 3.7 of 5" in text_of(viewer_client.get(f"/activities/{answered.id}?lang=en").text)


def test_with_four_answers_the_page_says_that_there_are_too_few(coordinator_client, activity, came):
    for person in came[:4]:
        say(activity, person)
    shown = page_of(coordinator_client, activity)
    assert "No result yet: it is shown from five answers on." in shown
    assert "4" not in shown.partition("No result yet")[2].partition("Nobody can tell")[0]
    sheet = coordinator_client.get(f"/activities/{activity.id}/feedback?lang=en&file=xlsx")
    assert len(rows_in(sheet)) == 1


def rows_in(response):
    book = CalamineWorkbook.from_filelike(BytesIO(response.data))
    return book.get_sheet_by_index(0).to_python()


def test_the_list_has_the_same_figures_and_formulas_are_text(coordinator_client, answered):
    found = rows_in(coordinator_client.get(f"/activities/{answered.id}/feedback?lang=en&file=xlsx"))
    assert found[0] == ["Question or remark", "Very poor", "Poor", "Fair", "Good", "Very good", "Mean (1 to 5)"]
    assert [row[1:] for row in found[1:4]] == [[0, 0, 0, 0, 5, 5], [0, 0, 0, 5, 0, 4], [0, 5, 0, 0, 0, 2]]
    assert found[4][0] == "=cmd|' /C calc'!A0"
    csv = coordinator_client.get(f"/activities/{answered.id}/feedback?lang=en&file=csv").text
    assert "'=cmd" in csv


def test_a_coordinator_sets_the_questions_of_an_activity_and_the_log_has_them(coordinator_client, activity):
    url = f"/activities/{activity.id}/feedback/questions"
    assert "How useful was this activity for you?" in coordinator_client.get(f"{url}?lang=en").text
    data = {"first": "Apakah berguna?", "second": "", "third": "", "remark": "", "asked": "y"}
    assert coordinator_client.post(url, data=data).status_code == 302
    texts = questions.texts_of(db.session(), activity.id)
    assert (texts.first, texts.second) == ("Apakah berguna?", "")
    assert rows_of(AuditEntry)[-1].action == "activity.feedback_questions_set"


def test_the_usual_questions_stay_the_usual_ones_in_each_language(coordinator_client, office):
    shown = coordinator_client.get("/feedback/questions?lang=en").text
    assert "What should we do better?" in shown
    data = {"first": "How useful was this activity for you?", "second": "", "third": "Apa kabar?", "remark": ""}
    assert coordinator_client.post("/feedback/questions?lang=en", data=data).status_code == 302
    [row] = rows_of(FeedbackQuestions)
    assert (row.activity_id, row.first, row.third) == (None, "", "Apa kabar?")


def test_after_the_end_the_questions_stay(coordinator_client, activity, came):
    url = f"/activities/{activity.id}/feedback/questions?lang=en"
    refused = coordinator_client.post(url, data={"first": "Baru?", "asked": "y"})
    assert refused.status_code == 422
    assert "cannot be changed any more" in text_of(refused.text)
    assert rows_of(FeedbackQuestions) == []


def test_a_viewer_changes_no_questions(viewer_client, activity):
    assert viewer_client.post(f"/activities/{activity.id}/feedback/questions", data={"first": "x"}).status_code == 403
    assert viewer_client.post("/feedback/questions", data={"first": "x"}).status_code == 403
