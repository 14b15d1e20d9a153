"""Groups of people are saved once, and used wherever people are invited."""

import pytest

from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import AuditEntry, Invitation, PeopleGroup, Person
from outreach.queries.directory import lists as directory
from outreach.services.directory import groups
from outreach.services.directory.groups import GroupValues
from outreach.services.privacy import person as privacy
from tests.support.copied import copied
from tests.web.reading import fields, text_of
from tests.world import NOW, a_person
from tests.world.polls import a_poll

pytestmark = pytest.mark.usefixtures("clock_stands")


@copied
def team(ani, budi, coordinator) -> PeopleGroup:
    """Ani and Budi."""
    return groups.add(GroupValues("Tim inti", (ani.id, budi.id)), by=coordinator, now=NOW)


def members(group: PeopleGroup) -> list[str]:
    db.session.rollback()
    return [member.name for member in directory.group(group.id).members]


def test_a_group_is_made_of_people_found_by_search(coordinator_client, ani, budi):
    page = coordinator_client.post("/people/groups/new", data={"name": "Tim inti", "q": "santoso", "do": "search"}).text
    assert "Budi Santoso" in page
    assert fields(page)["name"] == ["Tim inti"]
    assert db.session.query(PeopleGroup).count() == 0
    data = {"name": " Tim  inti ", "person_ids": [budi.id, ani.id], "do": "save"}
    answer = coordinator_client.post("/people/groups/new", data=data)
    assert answer.location == "/people/groups"
    [group] = db.session.query(PeopleGroup).all()
    assert (group.name, members(group)) == ("Tim inti", ["Ani Wijaya", "Budi Santoso"])
    assert "Tim inti 2 people Ani Wijaya; Budi Santoso" in text_of(coordinator_client.get("/people/groups").text)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"name": ""}, "Please write a name for the group, such as Tim inti."),
        ({"name": "TIM INTI"}, "“Tim inti” is in the list already."),
        ({"name": "Tim lain", "person_ids": []}, "Tick at least one person."),
        ({"name": "Tim lain", "person_ids": ["999"]}, "Tick at least one person."),
        ({"name": "x" * 121}, "Please shorten this to at most 120 letters."),
    ],
)
def test_an_incomplete_group_gets_a_message_and_stays_in_the_form(coordinator_client, team, ani, data, sentence):
    answer = coordinator_client.post("/people/groups/new", data={"person_ids": [ani.id], "do": "save"} | data)
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert fields(answer.text)["name"] == [data["name"]]
    assert db.session.query(PeopleGroup).count() == 1


def test_a_group_is_changed_and_deleted(coordinator_client, team, ani, budi):
    address = f"/people/groups/{team.id}"
    form = fields(coordinator_client.get(f"{address}/edit").text)
    assert form["person_ids"] == [str(ani.id), str(budi.id)]
    citra = a_person("Citra Dewi")
    data = form | {"name": "Tim baru", "person_ids": [budi.id, citra.id], "do": "save"}
    coordinator_client.post(f"{address}/edit", data=data)
    assert members(team) == ["Budi Santoso", "Citra Dewi"]
    assert team.name == "Tim baru"
    assert "“Tim baru” is deleted. Its people stay in the list." in text_of(
        coordinator_client.post(f"{address}/delete", follow_redirects=True).text
    )
    assert db.session.query(PeopleGroup).count() == 0
    assert db.session.query(Person).count() == 3
    assert coordinator_client.get(f"{address}/edit").status_code == 404
    log = db.session.query(AuditEntry).filter_by(subject_type="people_group").order_by(AuditEntry.id)
    assert [(entry.action, entry.detail) for entry in log] == [
        ("people_group.added", {"people": 2}),
        ("people_group.edited", {"changed": ["members", "name"], "people": 2}),
        ("people_group.deleted", {}),
    ]


def test_if_two_people_change_a_group_the_second_is_told(coordinator_client, team, ani, coordinator):
    form = fields(coordinator_client.get(f"/people/groups/{team.id}/edit").text)
    groups.edit(team.id, GroupValues("Tim mereka", (ani.id,)), team.version, by=coordinator, now=NOW)
    answer = coordinator_client.post(f"/people/groups/{team.id}/edit", data=form | {"name": "Tim kami", "do": "save"})
    assert (answer.status_code, "Somebody else saved this meanwhile." in answer.text) == (422, True)
    assert db.session.get_one(PeopleGroup, team.id).name == "Tim mereka"
    coordinator_client.post(f"/people/groups/{team.id}/edit", data=fields(answer.text) | {"do": "save"})
    db.session.expire_all()
    assert db.session.get_one(PeopleGroup, team.id).name == "Tim kami"


def test_a_group_is_ticked_by_one_button_where_people_are_invited(coordinator_client, team, activity, ani, budi):
    citra = a_person("Citra Dewi")
    address = f"/activities/{activity.id}/invite/people"
    data = {"activity_ids": activity.id, "role": "participant", "person_ids": citra.id}
    page = coordinator_client.post(address, data=data | {"people_group": team.id}).text
    assert fields(page)["person_ids"] == [str(person.id) for person in (ani, budi, citra)]
    assert db.session.query(Invitation).count() == 0
    coordinator_client.post(address, data=fields(page) | {"do": "invite"})
    found = db.session.query(Invitation).order_by(Invitation.person_id)
    assert [(invitation.person_id, invitation.role) for invitation in found] == [
        (person.id, Role.PARTICIPANT) for person in (ani, budi, citra)
    ]


def test_a_group_is_ticked_by_one_button_where_a_date_poll_asks(coordinator_client, team, ani, budi):
    poll = a_poll(opened=False)
    address = f"/polls/{poll.id}/asked"
    page = coordinator_client.post(address, data={"people_group": team.id}).text
    assert fields(page)["person_ids"] == [str(ani.id), str(budi.id)]
    coordinator_client.post(address, data={"person_ids": [ani.id], "role": "participant", "do": "add"})
    page = coordinator_client.post(address, data={"people_group": team.id}).text
    assert fields(page)["person_ids"] == [str(budi.id)]  # Ani is asked already


def test_people_chosen_for_an_invitation_can_be_saved_as_a_group(coordinator_client, activity, ani, budi):
    address = f"/activities/{activity.id}/invite/people"
    data = {"activity_ids": activity.id, "role": "participant", "person_ids": [ani.id, budi.id], "do": "save_group"}
    answer = coordinator_client.post(address, data=data)
    assert answer.location == f"/people/groups/new?person={ani.id}&person={budi.id}"
    assert fields(coordinator_client.get(answer.location).text)["person_ids"] == [str(ani.id), str(budi.id)]


def test_erasing_a_person_removes_them_from_their_groups_and_the_export_names_the_groups(team, ani, budi, coordinator):
    assert privacy.export(ani.id, by=coordinator, now=NOW)["groups"] == ["Tim inti"]
    privacy.erase(ani.id, by=coordinator, now=NOW)
    assert members(team) == ["Budi Santoso"]


def test_a_persons_page_names_their_groups(coordinator_client, team, ani):
    assert "Groups Tim inti" in text_of(coordinator_client.get(f"/people/{ani.id}").text)


def test_a_viewer_can_read_groups_but_not_change_them(viewer_client, team):
    assert "Tim inti" in viewer_client.get("/people/groups").text
    assert "Add a group" not in viewer_client.get("/people/groups").text
    addresses = ["/people/groups/new", f"/people/groups/{team.id}/edit", f"/people/groups/{team.id}/delete"]
    assert [viewer_client.get(address).status_code for address in addresses] == [403, 403, 403]


def test_an_empty_list_of_groups_says_how_to_begin(coordinator_client, office):
    assert "No group is saved yet" in coordinator_client.get("/people/groups").text


def test_a_group_has_at_most_five_hundred_people(coordinator_client, office):
    people = [Person(name=f"Kader {n}") for n in range(501)]
    db.session.add_all(people)
    db.session.commit()
    data = {"name": "Semua", "person_ids": [person.id for person in people], "do": "save"}
    answer = coordinator_client.post("/people/groups/new", data=data)
    assert (answer.status_code, "A group has at most 500 people." in answer.text) == (422, True)


def test_the_number_of_queries_does_not_grow_with_the_groups(coordinator_client, team, ani, coordinator, queries):
    coordinator_client.get("/people/groups")
    few = queries(lambda: coordinator_client.get("/people/groups"))
    for n in range(5):
        groups.add(GroupValues(f"Tim {n}", (ani.id,)), by=coordinator, now=NOW)
    assert queries(lambda: coordinator_client.get("/people/groups")) == few
