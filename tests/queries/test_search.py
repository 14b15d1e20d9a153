"""The search over everything: what is found, in which order, and in how many statements."""

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import MailKind
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Message
from outreach.queries import search
from outreach.queries.activities import lists
from outreach.queries.directory import lists as directory
from outreach.queries.messages import log
from outreach.queries.search import SHOWN, SearchSubject
from tests.world import NOW, a_person, at, draft_activity

pytestmark = pytest.mark.usefixtures("any_app", "office")


def found(q: str) -> dict[SearchSubject, list[str]]:
    return {group.subject: [_name(row) for row in group.rows] for group in search.find(q, now=NOW).groups}


def _name(row) -> str:
    if isinstance(row, Message):
        return row.subject
    return getattr(row, "display_name", None) or row.title


def a_message(subject: str, person=None, organisation=None) -> Message:
    reader = person or organisation
    message = Message(
        person=person, organisation=organisation, kind=MailKind.INVITATION, local_day=at(4).date(), due_at=NOW,
        expires_at=at(18), state=MessageState.SENT, sent_at=NOW, subject=subject, address=reader.email,
    )  # fmt: skip
    db.session.add(message)
    db.session.commit()
    return message


def test_one_search_finds_people_organisations_programmes_activities_and_messages(chief, activity, police):
    a_message("Undangan: Rapat koordinasi", organisation=police)
    draft_activity(None, None, 20, title="Sosialisasi di Polres Metro")
    assert found("polres") == {
        SearchSubject.PEOPLE: ["Kapolres Metro"],
        SearchSubject.ORGANISATIONS: ["Polres Metro"],
        SearchSubject.ACTIVITIES: ["Sosialisasi di Polres Metro"],
        SearchSubject.MESSAGES: ["Undangan: Rapat koordinasi"],
    }
    assert found("Januari")[SearchSubject.PROGRAMMES] == ["Empat hari penguatan perlindungan perempuan dan anak"]
    assert found("bappeda") == {SearchSubject.ACTIVITIES: ["Rapat koordinasi pencegahan kekerasan"]}


def test_all_words_must_match_in_any_order_and_case(ani, budi):
    assert found("WIJAYA ani") == {SearchSubject.PEOPLE: ["Ani Wijaya"]}
    assert found("ani santoso") == {}


def test_names_that_begin_with_the_word_come_first(office):
    for name in ("Citra Anisa", "Hasan Basri", "Ani Wijaya", "Rosani Putri"):
        a_person(name, email="")
    assert found("ani")[SearchSubject.PEOPLE] == ["Ani Wijaya", "Citra Anisa", "Rosani Putri"]


def test_a_phone_number_is_found_however_it_is_written(ani, police):
    police.phone = "+62725411122"
    db.session.commit()
    assert found("0812-3456-7890") == {SearchSubject.PEOPLE: ["Ani Wijaya"]}
    assert found("0725 4111") == {SearchSubject.ORGANISATIONS: ["Polres Metro"]}


def test_future_activities_are_listed_before_past_ones(hall):
    for day, month, title in ((20, 1, "Rapat B"), (18, 1, "Rapat A"), (1, 12, "Rapat lama")):
        year = 2026 if month == 12 else 2027
        draft_activity(None, hall, 18, title=title, starts_at=at(day, month=month, year=year),
                       ends_at=at(day, 12, month=month, year=year))  # fmt: skip
    assert found("rapat")[SearchSubject.ACTIVITIES] == ["Rapat A", "Rapat B", "Rapat lama"]


def test_an_erased_person_is_not_found(ani):
    ani.erased_at = NOW
    db.session.commit()
    assert found("wijaya") == {}


def test_characters_with_a_meaning_in_sql_are_searched_as_text(ani):
    assert (found("100%"), found("__"), found("' OR 1=1 --")) == ({}, {}, {})


def test_one_letter_is_too_short_and_makes_no_query(ani, queries):
    assert search.find(" a ", now=NOW).too_short
    assert queries(lambda: search.find("a", now=NOW)) == 0


def test_the_first_few_are_shown_in_a_fixed_number_of_statements(office, statements):
    def asked() -> list[str]:
        return [
            statement
            for statement in statements(lambda: search.find("sari", now=NOW))
            if statement.startswith("SELECT")
        ]

    for number in range(SHOWN):
        a_message(f"Undangan {number}", person=a_person(f"Sari {number}"))
    few = search.find("sari", now=NOW)
    assert [(len(group.rows), group.more) for group in few.groups] == [(SHOWN, False), (SHOWN, False)]
    before = len(asked())
    for number in range(SHOWN, 3 * SHOWN):
        a_message(f"Undangan {number}", person=a_person(f"Sari {number}"))
    many = search.find("sari", now=NOW)
    assert [(len(group.rows), group.more) for group in many.groups] == [(SHOWN, True), (SHOWN, True)]
    assert len(asked()) == before == 8


@pytest.mark.parametrize(
    "matches",
    [
        directory.person_matches,
        directory.organisation_matches,
        lists.programme_matches,
        lists.activity_matches,
        log.message_matches,
        lambda q: directory.venues_select(q)._where_criteria,
    ],
)
def test_in_every_list_only_the_first_words_of_a_search_count(matches):
    def statement(words):
        found = sa.and_(*matches(" ".join(words)))
        return str(found), sorted(map(str, found.compile().params.values()))

    many = [f"kata{number:02}" for number in range(50)]
    assert statement(many) == statement(many[:6]) != statement(many[:5])


def test_very_long_and_odd_searches_are_answered(office):
    assert search.find("x" * 5000, now=NOW).q == "x" * 100
    assert search.find("a b c d e f g h i j", now=NOW).q == "a b c d e f"
