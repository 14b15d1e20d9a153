"""A code at the door counts for one invitation of one activity, until the end of its last day. Everything else is named."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import pytest

from outreach.delivery import door_codes
from outreach.delivery.tokens import link_for
from outreach.domain.answers import Choice, Representative
from outreach.domain.door.codes import TEXT_LENGTH, CodeFault
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.services.door import codes
from outreach.services.invitations import links
from tests.support.copied import copied
from tests.world import (
    NOW,
    answer,
    at,
    draft_activity,
    invitation_of,
    invite,
    invite_organisation,
    move,
    publish,
    set_state,
)
from tests.world.barcodes import read_from_png

LAST_DAY = at(18, 23, 59)


@copied
def invited(activity, ani):
    publish(activity, tick=False)
    invite(activity, ani)
    return invitation_of(activity, ani)


@copied
def code(invited):
    return codes.code_of(db.session(), invited)


def judged(code, now=LAST_DAY, at=None):
    return codes.judge(db.session(), code, now, at=at)


def changed(code, at):
    data = bytearray(urlsafe_b64decode(code))
    data[at] ^= 1
    return urlsafe_b64encode(data).decode()


def test_a_code_counts_until_the_end_of_the_activitys_last_day(code, invited, activity):
    assert judged(code, at=activity) == (invited, None)
    assert judged(code, at(19, 0)) == (invited, CodeFault.EXPIRED)


def test_a_moved_activity_keeps_its_codes(code, invited, activity):
    move(activity, at(20), at(20, 12))
    assert judged(code, at(20, 12)) == (invited, None)


def test_an_invitation_has_the_same_code_each_time(code, invited):
    assert codes.code_of(db.session(), invited) == code
    assert len(code) == TEXT_LENGTH


@pytest.mark.parametrize("byte", [0, 1, 5, 9, 13, 14, 77])
def test_a_changed_code_is_forged(code, byte):
    assert judged(changed(code, byte)) == (None, CodeFault.FORGED)


@pytest.mark.parametrize(
    "spoil", [lambda code: code[:-1], lambda code: code[4:], lambda code: code + "AAAA", lambda _: ""]
)
def test_a_code_of_another_length_is_forged(code, spoil):
    assert judged(spoil(code)) == (None, CodeFault.FORGED)


def test_another_offices_code_is_forged_and_one_of_a_previous_secret_key_counts(app, code, invited):
    config = app.extensions["outreach"]
    app.extensions["outreach"] = replace(config, secret_key="n" * 48)
    assert judged(code) == (None, CodeFault.FORGED)
    app.extensions["outreach"] = replace(config, secret_key="n" * 48, previous_secret_keys=config.secret_key)
    assert judged(code) == (invited, None)
    assert len(door_codes.public_keys()) == 2


def test_a_code_of_another_activity_is_known_as_such(code, invited, programme, hall):
    other = draft_activity(programme, hall, 18)
    assert judged(code, at=other) == (invited, CodeFault.OTHER_ACTIVITY)


def test_an_expired_code_of_a_withdrawn_invitation_is_expired_so_the_door_does_not_count_it(
    code, invited, activity, ani
):
    set_state(activity, InvitationState.WITHDRAWN, ani)
    assert judged(code, at(19, 0)) == (invited, CodeFault.EXPIRED)


def test_a_withdrawn_invitation_and_one_that_is_gone_have_no_code(code, invited, activity, ani):
    set_state(activity, InvitationState.WITHDRAWN, ani)
    assert judged(code) == (invited, CodeFault.WITHDRAWN)
    db.session.delete(invited)
    db.session.commit()
    assert judged(code) == (None, CodeFault.WITHDRAWN)


def test_who_acts_has_a_code_of_their_own_and_the_invitees_is_replaced(code, invited, ani, activity):
    answer(activity, ani, Choice.REPRESENTED, representative=Representative("Rina Sari"))
    assert judged(code) == (invited, CodeFault.REPLACED)
    acting = codes.code_of(db.session(), invited)
    assert acting != code
    assert judged(acting) == (invited, None)


def test_a_renewed_link_replaces_the_code(code, invited, ani, coordinator):
    links.renew(ani, by=coordinator, now=NOW)
    assert judged(code) == (invited, CodeFault.REPLACED)
    assert judged(codes.code_of(db.session(), invited)) == (invited, None)


def test_an_organisations_invitation_has_no_code_because_its_nominees_have_theirs(activity, police):
    invite_organisation(activity, police)
    assert codes.code_of(db.session(), invitation_of(activity, police)) == ""


def test_a_reader_of_qr_codes_reads_the_address_and_its_code_counts(app, code, invited):
    host = "https://undangan.dp3ap2kb.kotametro.example.go.id"
    app.extensions["outreach"] = replace(app.extensions["outreach"], base_url=host)
    picture = door_codes.picture(code)
    assert read_from_png(picture) == [f"{host}/k/{code}"]
    assert judged(f"{host}/k/{code}") == (invited, None)
    assert int.from_bytes(picture[16:20]) <= 4 * (57 + 8)  # pixels wide; version 10 has 57 modules
    assert len(picture) < 2_000
    assert link_for(db.session(), invited.person).nonce not in code
