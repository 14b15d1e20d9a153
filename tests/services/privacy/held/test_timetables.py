"""Erased people are removed from timetabling proposals."""

import json
from dataclasses import replace

from outreach.domain.states import SearchState
from outreach.queries import timetabling as timetabling_pages
from outreach.services.privacy import person as privacy
from outreach.services.privacy.held.timetables import without
from outreach.services.timetabling import apply as applying
from outreach.services.timetabling import result as timetabling_result
from outreach.services.timetabling import searches
from outreach.services.timetabling import worker as timetabling_worker
from outreach.services.timetabling.request import RequestLine, from_json
from tests.world import NOW
from tests.world.timetabling import a_request, facilitators, searched, three_at_once


def test_an_erased_facilitator_is_removed_from_requests_and_proposals(any_app, office, coordinator):
    people = facilitators()
    search_id = searched(a_request(three_at_once(), people)).id
    ids = {person.full_name: person.id for person in people}
    led = [line for line in timetabling_result.read(timetabling_pages.get(search_id).result).lines if line.after.people]
    [(person_id, name)] = led[0].after.people
    assert ids[name] == person_id
    assert privacy.export(person_id, by=coordinator, now=NOW)["placements"] == [
        {"title": "Minggu ketiga", "at": NOW.isoformat()}
    ]
    applying.apply(search_id, [line.id for line in led], by=coordinator, now=NOW)
    privacy.erase(person_id, by=coordinator, now=NOW)
    row = timetabling_pages.get(search_id)
    assert name not in json.dumps(row.result, ensure_ascii=False)
    assert person_id not in row.request["facilitators"]
    assert len(row.request["facilitators"]) == 2
    others = [id_ for id_ in ids if id_ != name]
    assert any(name in json.dumps(row.result) for name in others)  # nobody else is
    assert timetabling_result.read(row.result).taken == {line.id for line in led}


def test_a_reason_of_absence_is_erased_with_the_name():
    away = {"kind": "speaker_absent", "who": "Citra", "titles": [], "why": "Berobat"}
    other = {**away, "who": "Dian"}
    assert without([away, other], 1, "Citra") == [{**away, "who": "–", "why": ""}, other]


def test_the_rest_of_a_request_can_still_be_read(any_app, office):
    activities, people = three_at_once(), facilitators()[:2]
    asked = a_request(activities, people, greedily=True)
    lines = tuple(RequestLine(activity.id, 2) for activity in activities)
    search_id = searched(replace(asked, lines=lines)).id
    privacy.erase(people[0].id, by=None, now=NOW)
    left = from_json(timetabling_pages.get(search_id).request)
    assert (len(left.facilitators), {line.needed for line in left.lines}) == (1, {1})


def test_a_running_search_with_an_erased_person_stores_nothing_more(any_app, office, monkeypatch):
    ids = [facilitator.id for facilitator in facilitators()]
    people = [privacy.get(id) for id in ids]
    search_id = searches.create(a_request(three_at_once(), people), title="Minggu", by=None, now=NOW).id
    searches.start(search_id, launch=lambda _id: None, by=None, now=NOW)
    written = timetabling_result.written

    def erased_meanwhile(*args):
        if len(ids) == 3:
            privacy.erase(ids.pop(), by=None, now=NOW)
        return written(*args)

    monkeypatch.setattr(timetabling_result, "written", erased_meanwhile)
    assert not timetabling_worker.work(search_id, clock=lambda: NOW)
    found = timetabling_pages.get(search_id)
    assert (found.state, found.result) == (SearchState.FAILED, {})
