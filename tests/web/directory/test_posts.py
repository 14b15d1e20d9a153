"""Pages of posts: entering them and their holders, handing them over, and inviting whoever holds one."""

from datetime import date, timedelta

import pytest

from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, HolderKind, Role
from outreach.extensions import db
from outreach.models import AuditEntry, FormerHolder, Invitation, Post, PostHolder
from outreach.services import posts
from outreach.services.answers import evidence
from outreach.services.answers import record as recording
from outreach.services.invitations import invite as inviting
from outreach.services.posts import HolderValues, PostValues
from outreach.services.privacy import person as privacy
from tests.support.copied import copied
from tests.web.reading import fields, text_of
from tests.world import NOW, a_person, fresh, invite, publish, rows_of
from tests.world.uploads import PDF

pytestmark = pytest.mark.usefixtures("clock_stands")

SINCE = date(2026, 1, 1)


@pytest.fixture
def sari():
    return a_person("Sari Wulandari", email="sari@example.com")


@copied
def post(budi, office) -> Post:
    """Kapolres Metro, held by Budi."""
    made = posts.add(PostValues("Kapolres Metro", note="di Yosodadi"), by=None, now=NOW)
    posts.add_holder(made.id, HolderValues(budi.id, HolderKind.DEFINITIVE, SINCE), by=None, now=NOW)
    return made


def invite_post(activity, post):
    inviting.invite_people([activity.id], [], Role.SPEAKER, post_ids=[post.id], by=None, now=NOW)


def test_a_post_is_entered_and_then_its_holder(coordinator_client, office, budi, police):
    data = {"name": " Kapolres  Metro ", "organisation_id": police.id}
    answer = coordinator_client.post("/people/posts/new", data=data)
    [post] = rows_of(Post)
    assert (post.name, post.organisation_id) == ("Kapolres Metro", police.id)
    assert answer.location == f"/people/posts/{post.id}/holders/new"
    found = coordinator_client.post(
        answer.location, data={"q": "santoso", "from_on": "2026-01-01", "do": "search"}
    ).text
    assert "Budi Santoso" in found
    assert fields(found)["from_on"] == ["2026-01-01"]
    data = {"person_ids": budi.id, "kind": "definitive", "from_on": "2026-01-01", "do": "save"}
    assert coordinator_client.post(answer.location, data=data).location == f"/people/posts/{post.id}"
    assert "Today Budi Santoso since 1 January 2026" in text_of(coordinator_client.get(f"/people/posts/{post.id}").text)
    assert "Kapolres Metro" in text_of(coordinator_client.get("/people/posts").text)
    assert "Kapolres Metro" in text_of(coordinator_client.get(f"/people/{budi.id}").text)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"person_ids": []}, "Please choose who holds the post."),
        ({"from_on": ""}, "Please write from which day."),
        ({"from_on": "2027-02-30"}, "Please choose a day, such as 18/01/2027."),
        ({"until_on": "2026-12-31"}, "The last day must not be before the first day."),
        ({"kind": "definitive"}, "a post has only one definitive holder at a time"),
        ({"kind": "president"}, "Please choose one of these."),
    ],
)
def test_a_wrong_entry_gets_a_sentence_and_stays_in_the_form(coordinator_client, post, sari, data, sentence):
    entry = {"person_ids": [sari.id], "kind": "plh", "from_on": "2027-01-18", "until_on": "2027-01-19", "do": "save"}
    answer = coordinator_client.post(f"/people/posts/{post.id}/holders/new", data=entry | data)
    assert (answer.status_code, sentence in text_of(answer.text)) == (422, True)
    assert len(rows_of(PostHolder)) == 1


def test_handing_over_says_what_became_of_the_invitations(coordinator_client, post, activity, sari):
    invite_post(activity, post)
    publish(activity)
    entry = {"person_ids": [sari.id], "from_on": "2027-01-10", "do": "save"}
    answer = coordinator_client.post(f"/people/posts/{post.id}/hand-over", data=entry, follow_redirects=True)
    page = text_of(answer.text)
    assert "1 invitation goes to the new holder now. Who is invited now gets a mail," in page
    assert "Please call" not in page
    assert "Next Sari Wulandari since 10 January 2027" in page
    invitation = text_of(coordinator_client.get(f"/invitations/{rows_of(Invitation)[0].id}").text)
    assert "Sari Wulandari" in invitation
    assert "Before that: Budi Santoso" in invitation


def test_before_saving_the_page_says_who_gets_which_mail(coordinator_client, post, activity, sari):
    invite_post(activity, post)
    publish(activity)
    entry = {"person_ids": [sari.id], "from_on": "2027-01-10", "do": "look"}
    answer = coordinator_client.post(f"/people/posts/{post.id}/hand-over", data=entry)
    page = text_of(answer.text)
    assert answer.status_code == 200
    assert f"{activity.title} , Monday, 18 January 2027 from Budi Santoso to Sari Wulandari" in page
    assert "Invitation Rapat koordinasi pencegahan kekerasan newly invited 1" in page
    assert fields(answer.text)["person_ids"] == [str(sari.id)]
    assert [one.person.name for one in rows_of(Invitation)] == ["Budi Santoso"]
    assert (len(rows_of(PostHolder)), "post.handed_over" in {one.action for one in rows_of(AuditEntry)}) == (1, False)
    coordinator_client.post(f"/people/posts/{post.id}/hand-over", data=entry | {"do": "save"})
    assert [one.person.name for one in rows_of(Invitation)] == ["Sari Wulandari"]


def test_a_move_says_that_an_invitation_changes_hands(coordinator_client, post, activity, sari):
    invite_post(activity, post)
    publish(activity)
    sari.title_after = "S.H."  # the sentence does not end with it, so there are no two full stops
    db.session.commit()
    values = HolderValues(sari.id, HolderKind.DAILY_ACTING, date(2027, 1, 20), date(2027, 1, 20))
    posts.add_holder(post.id, values, by=None, now=NOW)
    said = "The invitation goes from Budi Santoso to Sari Wulandari, S.H. as Kapolres Metro."
    asked = {"on": "2027-01-20", "begins": "08:00", "ends": "12:00", "venue_id": activity.venue_id}
    calendar = f"/calendar/{activity.id}/move"
    version = fields(coordinator_client.get(calendar).text)["version"][0]
    assert said in text_of(coordinator_client.get(calendar, query_string=asked | {"version": version}).text)
    page = f"/activities/{activity.id}/move"
    form = {name: values[0] for name, values in fields(coordinator_client.get(page).text).items()}
    answer = coordinator_client.post(page, data=form | asked | {"reason": "alasan"})
    assert said in text_of(answer.text)


def test_evidence_of_a_former_holders_answer_says_whose_it_is(coordinator_client, post, activity, sari):
    invite_post(activity, post)
    publish(activity)
    [invitation] = rows_of(Invitation)
    shown_by = evidence.check(PDF, "jawaban.pdf")
    recording.record_answer(invitation.id, Choice.COMING, AnswerSource.LETTER, shown_by=shown_by, by=None, now=NOW)
    page = f"/invitations/{invitation.id}"
    assert "Evidence of the answer of Monday, 4 January 2027" in text_of(coordinator_client.get(page).text)
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=NOW + timedelta(hours=1))
    assert "Evidence of the answer of Budi Santoso, Monday, 4 January 2027" in text_of(
        coordinator_client.get(page).text
    )


def test_who_has_no_address_is_to_be_called_about_it(coordinator_client, post, activity):
    rina = a_person("Rina Dewi", email="")
    invite_post(activity, post)
    publish(activity)
    entry = {"person_ids": [rina.id], "from_on": "2027-01-10", "do": "save"}
    answer = coordinator_client.post(f"/people/posts/{post.id}/hand-over", data=entry, follow_redirects=True)
    assert "No mail reaches Rina Dewi. Please call them." in text_of(answer.text)


def test_an_invitation_that_stays_behind_is_named_and_can_follow_later(coordinator_client, post, activity, sari):
    invite_post(activity, post)
    invite(activity, sari, role=Role.SPEAKER)
    entry = {"person_ids": [sari.id], "from_on": "2027-01-10", "do": "save"}
    answer = coordinator_client.post(f"/people/posts/{post.id}/hand-over", data=entry, follow_redirects=True)
    page = text_of(answer.text)
    assert (
        f"The invitation to “{activity.title}” stays where it is. Sari Wulandari, who holds the post on that day,"
        in page
    )
    assert "1 invitation goes to somebody else than the holder of its day." in page
    held, own = rows_of(Invitation)
    assert "Holds the post that day: Sari Wulandari" in text_of(coordinator_client.get(f"/invitations/{held.id}").text)
    db.session.delete(fresh(own))
    db.session.commit()
    answer = coordinator_client.post(f"/people/posts/{post.id}/follow", follow_redirects=True)
    assert "goes to the new holder now" in text_of(answer.text)
    assert fresh(held).person_id == sari.id


def test_an_entry_is_ended_and_removed(coordinator_client, post, budi):
    [holder] = rows_of(PostHolder)
    address = f"/people/posts/{post.id}/holders/{holder.id}"
    assert fields(coordinator_client.get(address).text)["from_on"] == ["2026-01-01"]
    entry = {
        "person_ids": [budi.id],
        "kind": "definitive",
        "from_on": "2026-01-01",
        "until_on": "2026-12-31",
        "do": "save",
    }
    coordinator_client.post(address, data=entry)
    assert "Today nobody" in text_of(coordinator_client.get(f"/people/posts/{post.id}").text)
    assert "Remove this entry?" in text_of(coordinator_client.post(f"{address}/remove").text)
    assert len(rows_of(PostHolder)) == 1
    coordinator_client.post(f"{address}/remove", data={"do": "save"})
    assert rows_of(PostHolder) == []
    assert coordinator_client.get(address).status_code == 404
    assert [entry.action for entry in rows_of(AuditEntry)][-2:] == ["post.holder_edited", "post.holder_removed"]


def test_a_post_is_corrected_and_deleted(coordinator_client, post):
    assert fields(coordinator_client.get(f"/people/posts/{post.id}/edit").text)["note"] == ["di Yosodadi"]
    coordinator_client.post(f"/people/posts/{post.id}/edit", data={"name": "Kapolres Kota Metro"})
    assert fresh(post).name == "Kapolres Kota Metro"
    coordinator_client.post(f"/people/posts/{post.id}/delete")
    assert (rows_of(Post), rows_of(PostHolder)) == ([], [])
    assert coordinator_client.get(f"/people/posts/{post.id}").status_code == 404


def test_whoever_holds_a_post_is_chosen_when_inviting(coordinator_client, post, activity, budi):
    address = f"/activities/{activity.id}/invite/people"
    chosen = {"role": "speaker", "activity_ids": [activity.id]}
    page = coordinator_client.post(address, data={**chosen, "q": "kapolres", "do": "search"}).text
    assert "Kapolres Metro post today: Budi Santoso" in text_of(page)
    check = coordinator_client.post(address, data={**chosen, "post_ids": [post.id], "do": "check"}).text
    assert "Kapolres Metro: Budi Santoso" in text_of(check)
    assert fields(check)["post_ids"] == [str(post.id)]
    coordinator_client.post(address, data={**chosen, "post_ids": [post.id], "do": "invite"})
    [invitation] = rows_of(Invitation)
    assert (invitation.person_id, invitation.post_title) == (budi.id, "Kapolres Metro")
    assert "Kapolres Metro" in text_of(coordinator_client.get(f"/activities/{activity.id}/invitees").text)


def test_leaving_somebody_out_leaves_out_the_posts_that_they_hold_on_the_activitys_day(
    coordinator_client, post, activity, budi, sari
):
    hers = posts.add(PostValues("Dandim Metro"), by=None, now=NOW)
    posts.add_holder(hers.id, HolderValues(sari.id, HolderKind.DEFINITIVE, SINCE), by=None, now=NOW)
    later = HolderValues(sari.id, HolderKind.DAILY_ACTING, date(2027, 3, 1), date(2027, 3, 2))
    posts.add_holder(post.id, later, by=None, now=NOW)  # of Budi's post, but not on the activity's day
    chosen = {"role": "speaker", "activity_ids": [activity.id], "post_ids": [post.id, hers.id]}
    address = f"/activities/{activity.id}/invite/people"
    check = coordinator_client.post(address, data={**chosen, "without": sari.id, "do": "check"}).text
    assert "1 chosen: Budi Santoso." in text_of(check)
    coordinator_client.post(address, data=fields(check) | {"do": "invite"})
    assert [one.person_id for one in rows_of(Invitation)] == [budi.id]


def test_a_post_that_nobody_holds_that_day_is_refused_before_inviting(coordinator_client, activity):
    empty = posts.add(PostValues("Kajari Metro"), by=None, now=NOW)
    chosen = {"role": "speaker", "activity_ids": [activity.id], "post_ids": [empty.id], "do": "check"}
    answer = coordinator_client.post(f"/activities/{activity.id}/invite/people", data=chosen)
    assert answer.status_code == 422
    assert "Nobody holds the post “Kajari Metro” on Monday, 18 January 2027." in text_of(answer.text)


def test_search_finds_posts_by_name_and_by_holder(coordinator_client, post):
    for words in ("kapolres", "budi+santoso"):
        assert f"/people/posts/{post.id}" in coordinator_client.get(f"/search?q={words}").text
    assert "Kapolres Metro" in text_of(coordinator_client.get("/people/posts?q=santoso").text)
    assert "No post found" in text_of(coordinator_client.get("/people/posts?q=camat").text)


def test_the_list_is_downloaded_with_all_holders(coordinator_client, post, sari):
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=NOW)
    lines = coordinator_client.get("/people/posts?file=csv").get_data(as_text=True).splitlines()
    assert [line.split(";")[3] if ";" in line else line.split(",")[3] for line in lines] == [
        "Holder",
        "Budi Santoso",
        "Sari Wulandari",
    ]


def test_a_viewer_reads_posts_and_is_offered_no_change(viewer_client, post):
    for address in ("/people/posts", f"/people/posts/{post.id}"):
        page = viewer_client.get(address).text
        assert "Kapolres Metro" in page
        for button in ("/new", "/edit", "/hand-over", "/holders/"):
            assert button not in page.partition("<main")[2]


def test_what_is_held_about_somebody_names_their_posts_and_erasing_forgets_them(post, activity, budi, sari):
    invite_post(activity, post)
    publish(activity)
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=NOW)
    data = privacy.export(budi.id, by=None, now=NOW)
    assert data["posts"] == [
        {"post": "Kapolres Metro", "kind": "definitive", "from": "2026-01-01", "until": "2027-01-09"}
    ]
    assert [one["activity"] for one in data["invited_before_for_a_post"]] == [activity.title]
    privacy.erase(budi.id, by=None, now=NOW)
    assert rows_of(FormerHolder) == []
    assert [holder.person_id for holder in rows_of(PostHolder)] == [sari.id]
