"""Three questions behind the link of somebody who was there: small, without script, and without their name."""

import re

import pytest

from outreach.models import FeedbackGiven, SealedFeedback
from outreach.services.feedback import questions
from outreach.services.feedback.questions import QuestionTexts
from outreach.web.answer_pages.forms import form_token
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import NOW, count, token_of
from tests.world.feedback import DAY_AFTER, people, were_there

ANSWERS = {"first": "5", "second": "4", "third": "3", "remark": "Terima kasih"}


@copied
def ani_came(activity, office, clock_stands):
    [ani] = people(1)
    were_there(activity, ani)
    clock_stands.now = DAY_AFTER
    return token_of(ani)


def address(token, activity):
    return f"/j/{token}/feedback/{activity.id}"


def post(phone, token, activity, **values):
    data = {"csrf_token": form_token(token), **ANSWERS, **values}
    return phone.post(f"{address(token, activity)}?lang=en", data=data)


def test_the_page_is_small_has_no_script_and_does_not_name_its_reader(phone, ani_came, activity):
    shown = phone.get(address(ani_came, activity))
    assert shown.status_code == 200
    assert len(shown.data) <= 14_000
    assert "<script" not in shown.text
    assert "Ani" not in text_of(shown.text)
    assert len(re.findall('type="radio"', shown.text)) == 15
    assert count(FeedbackGiven) == 0


def test_somebody_who_was_there_answers_once(phone, ani_came, activity):
    assert f'href="{address(ani_came, activity)}"' in phone.get(f"/j/{ani_came}").text
    sent = post(phone, ani_came, activity)
    assert sent.status_code == 303
    assert "Thank you. Your answer has been noted, without your name." in text_of(
        phone.get(sent.headers["Location"]).text
    )
    again = post(phone, ani_came, activity)
    assert again.status_code == 422
    assert "This link has been used for an answer already." in text_of(again.text)
    assert address(ani_came, activity) not in phone.get(f"/j/{ani_came}").text
    assert (count(FeedbackGiven), count(SealedFeedback)) == (1, 1)


def test_a_question_left_out_is_named_and_what_was_typed_stays(phone, ani_came, activity):
    refused = post(phone, ani_came, activity, second="")
    assert refused.status_code == 422
    assert 'href="#second1"' in refused.text
    assert 'value="5" id="first5" checked' in refused.text
    assert "Terima kasih</textarea>" in refused.text
    assert count(FeedbackGiven) == 0


@pytest.mark.parametrize("value", ["0", "6", "x", "4 OR 1", "９"])
def test_a_value_that_the_page_does_not_offer_is_refused(phone, ani_came, activity, value):
    assert post(phone, ani_came, activity, first=value).status_code == 422
    assert count(FeedbackGiven) == 0


def test_a_forged_post_is_refused(phone, ani_came, activity):
    assert post(phone, ani_came, activity, csrf_token="0" * 32).status_code == 400
    headers = {"Sec-Fetch-Site": "cross-site"}
    data = {"csrf_token": form_token(ani_came), **ANSWERS}
    assert phone.post(address(ani_came, activity), data=data, headers=headers).status_code == 400
    assert count(FeedbackGiven) == 0


def test_before_the_end_there_are_no_questions(phone, ani_came, activity, clock_stands):
    clock_stands.now = NOW
    shown = phone.get(f"{address(ani_came, activity)}?lang=en")
    assert (shown.status_code, 'type="radio"' in shown.text) == (200, False)
    assert "from the end of the activity on, for two weeks." in text_of(shown.text)
    assert address(ani_came, activity) not in phone.get(f"/j/{ani_came}").text


def test_an_unknown_link_opens_nothing(phone, ani_came, activity):
    assert phone.get(address(f"{ani_came[:-3]}AAA", activity)).status_code == 404


def test_the_offices_own_question_is_asked_as_it_is_written(phone, ani_came, activity, coordinator):
    questions.save(QuestionTexts(first="Apakah <b>berguna</b>?"), by=coordinator, now=NOW)
    shown = phone.get(f"{address(ani_came, activity)}?lang=en").text
    assert '<legend lang="id">Apakah &lt;b&gt;berguna&lt;/b&gt;?</legend>' in shown
    assert "How clear was what the speakers said?" in shown
