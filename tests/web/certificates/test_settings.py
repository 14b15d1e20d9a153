"""The page of how certificates are written: a sample beside the texts, and errors beside what is wrong."""

import re

import pytest

from outreach.delivery.documents.certificates import shipped_form
from outreach.domain.certificates import DEFAULT_BLOCKS
from outreach.domain.kinds import CertificateKind
from outreach.extensions import db
from outreach.services.certificates import make, settings
from tests.world.held import AFTER

pytestmark = pytest.mark.usefixtures("clock_stands")
PAGE = "/office/certificates"
PARTS = ("heading", "lead", "opening", "closing")


def written(**changed):
    texts = {f"{kind.value}_{part}": getattr(DEFAULT_BLOCKS[kind], part) for kind in CertificateKind for part in PARTS}
    usual = {
        "version": "0", "pattern": "{n}/SERT/PPA/{month}/{year}", "post": "Kepala Bidang", "name": "Nama Contoh", "rank": "",
        "number_label": "NIP", "id_number": "", "form": "", "shown": "participant",
    }  # fmt: skip
    return {**usual, **texts, **changed}


def pictures(answer):
    return re.findall('base64,[^"]+', answer.text)


def test_what_is_saved_is_used_from_then_on_and_defaults_are_not_stored(administrator_client, held):
    assert administrator_client.get(PAGE).status_code == 200
    saved = administrator_client.post(PAGE, data=written(participant_heading="PIAGAM"))
    assert saved.headers["Location"] == PAGE
    values = settings.stored(db.session).values
    assert (list(values.blocks), values.form, values.signatory.post) == (
        [CertificateKind.PARTICIPANT],
        "",
        "Kepala Bidang",
    )
    [one] = make.make_all(held.id, by=None, now=AFTER).certificates
    made = make.values_of(one)
    assert (one.number, made.heading, made.signatory.name) == ("001/SERT/PPA/I/2027", "PIAGAM", "Nama Contoh")
    other = administrator_client.post(PAGE, data=written(version="1", participant_heading="SERTIFIKAT"))
    assert (other.status_code, make.values_of(one).heading) == (302, "PIAGAM")


def test_the_preview_follows_the_form_and_the_kind(administrator_client):
    stored = administrator_client.get(f"{PAGE}/preview")
    other = administrator_client.post(f"{PAGE}/preview", data=written(participant_heading="PIAGAM"))
    speaker = administrator_client.post(f"{PAGE}/preview", data=written(shown="speaker"))
    assert [len(pictures(one)) for one in (stored, other, speaker)] == [1, 1, 1]
    assert pictures(stored) != pictures(other) != pictures(speaker)
    assert settings.stored(db.session).version == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"pattern": "SERT/{year}"}, "The pattern needs {n} and {year} once each"),
        ({"speaker_closing": "pada\n{siapa}"}, "Line 2: “{siapa}” is not a placeholder of this text."),
        ({"moderator_opening": ""}, "A certificate needs this text."),
        ({"form": '#set page(width: 10cm)\n#read("/etc/passwd")'}, "Line 2 of the template is wrong"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_the_last_good_settings_stay(administrator_client, changed, said):
    administrator_client.post(PAGE, data=written())
    refused = administrator_client.post(PAGE, data=written(version="1", **changed))
    assert refused.status_code == 422
    assert said in refused.text
    assert settings.stored(db.session).values.pattern == "{n}/SERT/PPA/{month}/{year}"
    assert settings.stored(db.session).values.form == ""


def test_the_shipped_template_is_a_start_and_is_not_stored_as_the_offices_own(administrator_client):
    begun = administrator_client.post(f"{PAGE}/template", data=written())
    assert "#let balanced" in begun.text
    administrator_client.post(PAGE, data=written(form=shipped_form().decode()))
    assert settings.stored(db.session).values.form == ""


def test_only_administrators_change_it(coordinator_client, viewer_client):
    for client in (coordinator_client, viewer_client):
        assert client.get(PAGE).status_code == 403
        assert client.post(PAGE, data=written()).status_code == 403


def test_a_second_save_of_the_same_page_is_refused(administrator_client):
    administrator_client.post(PAGE, data=written())
    late = administrator_client.post(PAGE, data=written(pattern="{n}/{year}"))
    assert (late.status_code, "Somebody else saved this meanwhile" in late.text) == (422, True)
