"""Community activities are invited together: each gets the cadres of its own kelurahan."""

import re

import pytest

from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import ActivityKind, CadreKind, Role
from outreach.domain.planning.rules import Severity
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, AuditEntry, Cadre, Invitation, Person, Reminder
from outreach.services.activities import community, publish
from outreach.services.planning import rules as planning_rules
from tests.support.copied import copied
from tests.web.reading import fields, text_of
from tests.world import JAKARTA, NOW, a_person, an_absence, at, draft_activity, invite, set_severities

pytestmark = pytest.mark.usefixtures("clock_stands")

ADDRESS = "/activities/invite/cadres"
IMOPURO, YOSODADI, METRO = "18.72.01.1003", "18.72.04.1001", "18.72.01.1001"
KINDS = [kind.value for kind in CadreKind]


def cadre(name: str, code: str, *kinds: CadreKind, **values: object) -> Person:
    person = a_person(name, region_code=code, **values)
    db.session.add_all(Cadre(person=person, kind=kind, region_code=code) for kind in kinds or (CadreKind.PKK,))
    db.session.commit()
    return person


@copied
def activities(office, coordinator) -> list[Activity]:
    """Outreach in Imopuro on the 18th, in Yosodadi on the 19th and in Metro on the 20th; drafts outside a programme."""
    values = ActivityValues(ActivityKind.OUTREACH, "Sosialisasi PATBM Kelurahan", at(18, 9), at(18, 11), JAKARTA)
    made = [community.create(values, [code], by=coordinator, now=NOW)[0] for code in (IMOPURO, YOSODADI, METRO)]
    for day, meeting in enumerate(made, start=18):
        meeting.starts_at, meeting.ends_at, meeting.respond_by_at = at(day, 9), at(day, 11), at(16, 16)
    db.session.commit()
    return made


@copied
def cadres(office) -> dict[str, Person]:
    """Four cadres in Imopuro, two in Yosodadi, nobody in Metro."""
    people = [cadre(f"{name} Imopuro", IMOPURO) for name in ("Ani", "Budi", "Citra")]
    people += [cadre("Dian Imopuro", IMOPURO, CadreKind.PATBM, email="")]
    people += [cadre(f"{name} Yosodadi", YOSODADI, CadreKind.PKK, CadreKind.PATBM) for name in ("Eka", "Fitri")]
    return {person.name.split()[0]: person for person in people}


def choice(activities, number: int = 2, kinds=KINDS, **more) -> dict[str, object]:
    return {"activity_ids": [activity.id for activity in activities], "kinds": kinds, "number": number, **more}


def picks(activity: Activity, *people: Person) -> list[str]:
    return [f"{activity.id}-{person.id}" for person in people]


def asked() -> list[tuple[int, str, Role]]:
    db.session.rollback()
    found = db.session.query(Invitation).order_by(Invitation.activity_id, Invitation.person_id)
    return [(box.activity_id, box.person.name.split()[0], box.role) for box in found]


def ticked(page: str) -> list[str]:
    return fields(page).get("pick", [])


def test_each_activity_gets_the_cadres_of_its_own_kelurahan(coordinator_client, activities, cadres):
    imopuro, yosodadi, metro = activities
    shown = coordinator_client.post(ADDRESS, data=choice(activities, 3, do="choose")).text
    ani, budi, citra, _dian, eka, fitri = cadres.values()
    assert ticked(shown) == [*picks(imopuro, ani, budi, citra), *picks(yosodadi, eka, fitri)]
    said = text_of(shown)
    assert "5 cadres for 2 activities" in said
    assert "Imopuro 3 of 4 chosen" in said
    assert "There are only 2 cadres of these kinds here." in said
    assert "There is no cadre of these kinds in this kelurahan." in said
    assert "No mail goes out now." in said
    assert asked() == []
    answer = coordinator_client.post(ADDRESS, data=fields(shown) | {"do": "invite"})
    assert answer.location == "/activities?q=Sosialisasi+PATBM+Kelurahan&time=coming"
    assert asked() == [
        *((imopuro.id, name, Role.CADRE) for name in ("Ani", "Budi", "Citra")),
        *((yosodadi.id, name, Role.CADRE) for name in ("Eka", "Fitri")),
    ]
    log = db.session.query(AuditEntry).filter_by(action="activity.invited").order_by(AuditEntry.id)
    assert [(entry.subject_id, entry.detail["new"]) for entry in log] == [(imopuro.id, 3), (yosodadi.id, 2)]


def test_cadres_asked_longest_ago_come_first(coordinator_client, activities, cadres):
    earlier = draft_activity(None, None, 12)
    invite(earlier, cadres["Ani"], cadres["Citra"])
    invite(draft_activity(None, None, 13), cadres["Budi"])
    withdrawn = draft_activity(None, None, 14)
    invite(withdrawn, cadres["Citra"])
    db.session.query(Invitation).filter_by(activity_id=withdrawn.id).update({"state": InvitationState.WITHDRAWN})
    db.session.commit()
    shown = coordinator_client.post(ADDRESS, data=choice(activities[:1], 3, do="choose")).text
    assert ticked(shown) == picks(activities[0], cadres["Dian"], cadres["Ani"], cadres["Citra"])
    assert "Dian Imopuro PATBM · not asked yet no e-mail" in text_of(shown)
    assert "Ani Imopuro PKK · last asked for Tue, 12 Jan 2027" in text_of(shown)


def test_only_cadres_of_the_chosen_kinds_are_suggested(coordinator_client, activities, cadres):
    shown = coordinator_client.post(ADDRESS, data=choice(activities, 9, ["patbm"], do="choose")).text
    imopuro, yosodadi, _metro = activities
    assert ticked(shown) == [
        *picks(imopuro, cadres["Dian"]),
        *picks(yosodadi, cadres["Eka"], cadres["Fitri"]),
    ]


def test_one_press_applies_a_number_for_each_kind(coordinator_client, activities, cadres):
    imopuro, yosodadi, _metro = activities
    page = coordinator_client.get(ADDRESS)
    assert "numbers-patbm" in page.text
    asked_for = choice(activities, 5, do="choose") | {"numbers-patbm": "1", "numbers-pkk": "2"}
    shown = coordinator_client.post(ADDRESS, data=asked_for)
    assert ticked(shown.text) == [
        *picks(imopuro, cadres["Ani"], cadres["Budi"], cadres["Dian"]),
        *picks(yosodadi, cadres["Eka"], cadres["Fitri"]),
    ]
    kept = fields(shown.text)
    assert (kept["numbers-patbm"], kept["numbers-pkk"]) == (["1"], ["2"])
    again = coordinator_client.post(ADDRESS, data=kept | {"numbers-patbm": "0", "numbers-pkk": "1", "do": "suggest"})
    assert ticked(again.text) == [*picks(imopuro, cadres["Ani"]), *picks(yosodadi, cadres["Eka"])]


def test_numbers_for_some_kinds_invite_only_these_kinds_unless_the_tick_is_taken_away(
    coordinator_client, activities, cadres
):
    imopuro = activities[0]
    page = fields(coordinator_client.get(f"{ADDRESS}?activity={imopuro.id}").text)
    shown = coordinator_client.post(ADDRESS, data=page | {"numbers-patbm": "1", "do": "choose"})
    assert ticked(shown.text) == picks(imopuro, cadres["Dian"])
    assert "share the number above" not in shown.text
    del page["only_numbered"]
    shared = coordinator_client.post(ADDRESS, data=page | {"numbers-patbm": "1", "do": "choose"})
    assert ticked(shared.text) == picks(imopuro, *(cadres[name] for name in ("Ani", "Budi", "Citra", "Dian")))
    assert "share the number above" in shared.text


def test_the_tick_without_numbers_leaves_out_nobody(coordinator_client, activities, cadres):
    page = fields(coordinator_client.get(f"{ADDRESS}?activity={activities[0].id}").text)
    shown = coordinator_client.post(ADDRESS, data=page | {"do": "choose"})
    assert len(ticked(shown.text)) == 4


def test_a_kind_without_any_cadre_is_named_in_words(coordinator_client, activities, cadres):
    asked_for = choice(activities[:1], 1, do="choose") | {"numbers-posyandu": "3", "numbers-pkk": "1"}
    said = text_of(coordinator_client.post(ADDRESS, data=asked_for).text)
    assert "There is no cadre of Posyandu here." in said


def test_a_kind_with_too_few_cadres_is_named(coordinator_client, activities, cadres):
    asked_for = choice(activities[:1], 1, do="choose") | {"numbers-patbm": "3", "numbers-pkk": "1"}
    assert "There is only 1 cadre of PATBM here." in text_of(coordinator_client.post(ADDRESS, data=asked_for).text)


@pytest.mark.parametrize("number", ["-1", "101", "drei", "9" * 40])
def test_an_impossible_number_for_a_kind_gets_a_message_beside_it(coordinator_client, activities, cadres, number):
    shown = coordinator_client.post(ADDRESS, data=choice(activities, do="choose") | {"numbers-patbm": number})
    assert shown.status_code == 422
    assert re.search(r'id="numbers-patbm-error"', shown.text)


def test_people_already_invited_count_towards_the_number_and_stay_invited(coordinator_client, activities, cadres):
    invite(activities[0], cadres["Citra"])
    invite(activities[0], cadres["Dian"], role=Role.PARTICIPANT)
    shown = coordinator_client.post(ADDRESS, data=choice(activities[:1], 3, do="choose")).text
    assert ticked(shown) == picks(activities[0], cadres["Ani"])
    assert "2 invited already: Citra Imopuro; Dian Imopuro" in text_of(shown)


def test_the_choice_is_changed_for_one_kelurahan_before_it_is_saved(coordinator_client, activities, cadres):
    imopuro, yosodadi, _metro = activities
    kept = fields(coordinator_client.post(ADDRESS, data=choice(activities, 1, do="choose")).text)
    changed = [*picks(imopuro, cadres["Budi"], cadres["Dian"]), *picks(yosodadi, cadres["Eka"])]
    coordinator_client.post(ADDRESS, data=kept | {"pick": changed, "do": "invite"})
    assert [name for _id, name, _role in asked()] == ["Budi", "Dian", "Eka"]


def test_people_of_another_kelurahan_and_invented_ids_are_not_invited(coordinator_client, activities, cadres):
    imopuro, yosodadi, _metro = activities
    strange = [*picks(imopuro, cadres["Eka"]), f"{yosodadi.id}-999999", "x", "-", "5", f"{imopuro.id}-{'9' * 40}"]
    answer = coordinator_client.post(ADDRESS, data=choice(activities, do="invite", pick=strange))
    assert answer.status_code == 422
    assert "Nobody is chosen. Tick at least one cadre." in answer.text
    assert asked() == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"activity_ids": []}, "Choose at least one activity."),
        ({"kinds": []}, "Tick at least one kind of cadre."),
        ({"number": ""}, "Please write how many cadres each activity gets."),
        ({"number": "0"}, "Please write a number from 1 to 100."),
        ({"number": "101"}, "Please write a number from 1 to 100."),
        ({"kinds": ["satgas_ppa"]}, "There is no cadre of these kinds in these kelurahan."),
        ({"activity_ids": ["999"]}, "One of these choices does not exist any more."),
    ],
)
def test_an_incomplete_choice_gets_a_message_and_invites_nobody(
    coordinator_client, activities, cadres, changed, sentence
):
    for do in ("choose", "invite"):
        data = choice(activities, pick=picks(activities[0], cadres["Ani"])) | changed | {"do": do}
        answer = coordinator_client.post(ADDRESS, data=data)
        assert (answer.status_code, sentence in answer.text) == (422, True)
    assert asked() == []


def test_a_whole_pattern_is_ticked_by_one_button_and_by_a_link(coordinator_client, activities, programme, cadres):
    other_activity = draft_activity(programme, None, 18, region_code=METRO)
    page = coordinator_client.get(ADDRESS).text
    assert "activity_ids" not in fields(page)
    assert "Sosialisasi PATBM Kelurahan … 3" in text_of(page)
    ids = [str(activity.id) for activity in activities]
    [key] = re.findall(r'name="group" value="([^"]+)"', page)
    once = coordinator_client.post(ADDRESS, data={"group": key}).text
    assert fields(once)["activity_ids"] == ids
    again = coordinator_client.post(ADDRESS, data=fields(once) | {"group": key}).text
    assert "activity_ids" not in fields(again)
    assert fields(coordinator_client.get(ADDRESS, query_string={"group": key}).text)["activity_ids"] == ids
    of_programme = coordinator_client.get(ADDRESS, query_string={"group": str(programme.id)}).text
    assert fields(of_programme)["activity_ids"] == [str(other_activity.id)]


def test_the_page_first_proposes_all_kinds_and_five_cadres(coordinator_client, activities, cadres):
    found = fields(coordinator_client.get(ADDRESS).text)
    assert (found["kinds"], found["number"]) == (["patbm", "pkk"], ["5"])


def test_only_open_activities_with_a_kelurahan_that_lie_ahead_are_offered(coordinator_client, activities, hall, cadres):
    activities[0].state = ActivityState.CANCELLED
    activities[1].starts_at, activities[1].ends_at = at(3, 9), at(3, 11)
    draft_activity(None, hall, 18, title="Rapat tanpa kelurahan")
    db.session.commit()
    said = text_of(coordinator_client.get(ADDRESS).text)
    shown = [word in said for word in ("Kelurahan Imopuro", "Kelurahan Yosodadi", "Kelurahan Metro", "Rapat tanpa")]
    assert shown == [False, False, True, False]


def test_the_filtered_list_of_activities_links_to_the_page_with_the_same_activities(
    coordinator_client, activities, cadres
):
    page = coordinator_client.get("/activities?q=yosodadi").text
    link = re.search(r'href="(/activities/invite/cadres[^"]*)"', page)[1].replace("&amp;", "&")
    said = text_of(coordinator_client.get(link).text)
    assert [f"Kelurahan {name}" in said for name in ("Imopuro", "Yosodadi", "Metro")] == [False, True, False]
    assert 'href="/activities/publish?q=yosodadi"' in page
    said = text_of(coordinator_client.get("/activities/publish?q=yosodadi").text)
    assert [f"Kelurahan {name}" in said for name in ("Imopuro", "Yosodadi", "Metro")] == [False, True, False]


def test_a_search_finds_activities_and_keeps_the_ticks(coordinator_client, activities, cadres):
    data = choice(activities[:1], q="yosodadi", do="search")
    page = coordinator_client.post(ADDRESS, data=data).text
    said = text_of(page)
    assert [f"Kelurahan {name}" in said for name in ("Imopuro", "Yosodadi", "Metro")] == [True, True, False]
    assert fields(page)["activity_ids"] == [str(activities[0].id)]


def test_mails_that_go_out_at_once_are_counted_and_inviting_leads_back_to_the_programme(
    coordinator_client, activities, cadres, programme, coordinator
):
    for activity in activities:
        activity.programme_id = programme.id
    db.session.commit()
    publish.publish([activities[0].id], by=coordinator, now=NOW)
    shown = coordinator_client.post(ADDRESS, data=choice(activities, 9, do="choose")).text
    assert "3 mails go out at once." in text_of(shown)
    assert "1 of them has no e-mail address" in text_of(shown)
    answer = coordinator_client.post(ADDRESS, data=fields(shown) | {"do": "invite"})
    assert answer.location == f"/programmes/{programme.id}"
    due = db.session.query(Reminder).filter_by(key="invitation").filter(Reminder.due_at == NOW)
    assert {reminder.activity_id for reminder in due} == {activities[0].id}


def test_a_cadre_expected_elsewhere_comes_last_and_is_left_out_by_one_button(coordinator_client, activities, cadres):
    imopuro, yosodadi, _metro = activities
    elsewhere = draft_activity(None, None, 19, title="Pelatihan kader")
    invite(elsewhere, cadres["Eka"])
    shown = coordinator_client.post(ADDRESS, data=choice(activities, 2, do="choose")).text
    said = text_of(shown)
    assert "Eka Yosodadi is expected at “Pelatihan kader” at the same time" in said
    assert "at “Pelatihan kader” at that time" in said
    button = re.search(r'name="without" value="([\d -]+)">([^<]+)<', shown)
    assert button.groups() == (
        f"{yosodadi.id}-{cadres['Eka'].id}",
        "Do without Eka Yosodadi at “Sosialisasi PATBM Kelurahan Yosodadi”",
    )
    without = coordinator_client.post(ADDRESS, data=fields(shown) | {"without": button[1]}).text
    assert ticked(without) == [*picks(imopuro, cadres["Ani"], cadres["Budi"]), *picks(yosodadi, cadres["Fitri"])]
    assert "is expected at" not in text_of(without)
    fewer = coordinator_client.post(ADDRESS, data=choice(activities, 1, do="choose")).text
    assert ticked(fewer) == [*picks(imopuro, cadres["Ani"]), *picks(yosodadi, cadres["Fitri"])]


def test_a_clash_caused_by_a_change_is_shown_before_anybody_is_invited(coordinator_client, activities, cadres):
    yosodadi = activities[1]
    invite(draft_activity(None, None, 19, title="Pelatihan kader"), cadres["Eka"])
    before = asked()
    kept = fields(coordinator_client.post(ADDRESS, data=choice(activities, 1, do="choose")).text)
    changed = kept | {"pick": picks(yosodadi, cadres["Eka"]), "do": "invite"}
    answer = coordinator_client.post(ADDRESS, data=changed)
    assert answer.status_code == 200
    assert "Since you changed the choice, there is this to look at" in answer.text
    assert asked() == before
    coordinator_client.post(ADDRESS, data=fields(answer.text) | {"do": "invite"})  # the office only warns of it
    assert (yosodadi.id, "Eka", Role.CADRE) in asked()


def test_an_activity_cancelled_meanwhile_refuses_all(coordinator_client, activities, cadres):
    kept = fields(coordinator_client.post(ADDRESS, data=choice(activities, 1, do="choose")).text)
    activities[1].state = ActivityState.CANCELLED
    db.session.commit()
    answer = coordinator_client.post(ADDRESS, data=kept | {"do": "invite"})
    assert (answer.status_code, "One of these choices does not exist any more." in answer.text) == (422, True)
    assert asked() == []


def test_a_clash_that_the_office_blocks_refuses_all_of_them(coordinator_client, activities, cadres):
    set_severities(cadre_twice=Severity.BLOCK)
    invite(draft_activity(None, None, 19, title="Pelatihan kader"), cadres["Eka"], cadres["Fitri"])
    before = asked()
    shown = coordinator_client.post(ADDRESS, data=choice(activities, 1, do="choose")).text
    assert "They cannot be invited so." in text_of(shown)
    assert 'value="invite"' not in shown
    answer = coordinator_client.post(ADDRESS, data=fields(shown) | {"do": "invite"})
    assert answer.status_code == 422
    assert asked() == before


def test_one_cadre_of_two_kelurahan_at_the_same_time_is_a_clash_of_the_later_one(
    coordinator_client, activities, cadres
):
    imopuro, yosodadi, _metro = activities
    yosodadi.starts_at, yosodadi.ends_at = at(18, 10), at(18, 12)
    gita = cadre("Gita", IMOPURO)
    db.session.add(Cadre(person=gita, kind=CadreKind.PATBM, region_code=YOSODADI))
    db.session.commit()
    data = choice(activities, do="check", pick=[*picks(imopuro, gita), *picks(yosodadi, gita)])
    shown = coordinator_client.post(ADDRESS, data=data).text
    assert f'name="without" value="{yosodadi.id}-{gita.id}"' in shown
    suggested = coordinator_client.post(ADDRESS, data=choice(activities, 2, do="choose")).text
    assert ticked(suggested)[2:] == picks(yosodadi, cadres["Eka"], cadres["Fitri"])


def test_a_resolution_leads_away_and_back_to_the_same_choice(coordinator_client, activities, cadres):
    an_absence(person=cadres["Ani"], starts_at=at(18, 0), ends_at=at(19, 0))
    data = choice(activities, do="check", pick=picks(activities[0], cadres["Ani"], cadres["Budi"]))
    first = coordinator_client.post(ADDRESS, data=data).text
    away = re.search(r'href="([^"]*/edit[^"]*back=[^"]*)"', first)[1].replace("&amp;", "&")
    back = re.search(r'href="(/activities/invite/cadres\?[^"]*)"', coordinator_client.get(away).text)[1]
    again = coordinator_client.get(back.replace("&amp;", "&")).text
    assert ticked(again) == ticked(first) == picks(activities[0], cadres["Ani"], cadres["Budi"])


def test_the_number_of_queries_does_not_grow_with_the_activities(coordinator_client, activities, cadres, queries):
    def ask(some):
        data = choice(some, do="choose")
        return queries(lambda: coordinator_client.post(ADDRESS, data=data))

    planning_rules.current()
    ask(activities)
    assert ask(activities[:2]) == ask(activities)


def test_the_lists_link_to_the_page(coordinator_client, activities, programme):
    link = 'href="/activities/invite/cadres'
    assert link in coordinator_client.get("/activities").text
    assert link not in coordinator_client.get(f"/programmes/{programme.id}").text
    activities[0].programme_id = programme.id
    db.session.commit()
    assert f'{link}?group={programme.id}"' in coordinator_client.get(f"/programmes/{programme.id}").text
    assert link in coordinator_client.get(f"/activities/{activities[1].id}/invite/cadres").text


def test_a_viewer_has_no_link_to_the_page_and_no_access(viewer_client, activities):
    assert "/activities/invite/cadres" not in viewer_client.get("/activities").text
    assert viewer_client.get(ADDRESS).status_code == 403
