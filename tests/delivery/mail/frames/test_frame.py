"""A framed mail equals, byte for byte, the mail composed for its reader alone; no reader gets another's data."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.delivery import tokens
from outreach.delivery.mail.compose import AddressUnusable, compose
from outreach.delivery.mail.frames import frame as frames
from outreach.delivery.mail.frames import slots
from outreach.delivery.mail.frames.frame import Frames
from outreach.delivery.mail.placeholders import clean
from outreach.delivery.rows import batch as batch_rows
from outreach.domain.kinds import AgeGroup, AttendanceSource, CadreKind, Role, Sex
from outreach.extensions import db
from outreach.models import ActingPerson, AgendaItem, Attendance, Cadre, Invitation, MessageLine, MessageText, Person
from tests.delivery.mail.frames.frames_help import SORTS, TO_OFFICES, Stage, State, check, framed, number, plan
from tests.support.apps import with_settings
from tests.support.copied import copied
from tests.support.long_form import many
from tests.world import NOW, at
from tests.world.composed import parsed, reads_a_mailbox, text_of

pytestmark = pytest.mark.slow


@copied
def stage(programme, hall):
    return Stage(programme, hall)


awkward = st.sampled_from([
    "Ani", "Siti Rahmawati", "Budi\r\nBcc: x@example.com", "=?utf-8?q?x=0D=0ABcc:=20x?=", '"Siti", S.H., M.H.', "a" * 150,
    "é" * 70, "<b>Ani</b> & {link}", "Hj. Nur'aini; (Metro) [1] \\ @ :", "Sri \u202eevil", "田中 花子, S.H.", "{name} {0} %s %%",
    "x\n\n.\n\nLink: https://example.com", "..", ".", "=0D=0A", "Ni Luh\u2028Ayu", "😀, 😀" * 12, "a b  c\td", "--=_alternatives",
    "-- ", "mailto:x@example.com", "e\u0301" * 40, "x^y^^n", 'D"Arc', "Nur\u2019aini", "\u00a0x\u00a0", "From me", "a=b=c" * 20,
    "x" * 40 + " " + "ü" * 40, "\\" * 80, "^" * 80, slots.mark(1), slots.TOKEN, "ATTENDEE;CN=x:mailto:x@example.com",
])  # fmt: skip
words = st.one_of(
    awkward, st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=90)
).filter(lambda text: clean(text))
maybe = st.one_of(st.just(""), words)
addresses = st.sampled_from(
    [
        "ani@example.com",
        "o'brien+x=y@example.com",
        "a^b@example.com",
        f"{'l' * 64}@{'d' * 60}.example.com",
        "a@bücher.example",
    ]
)
people = st.fixed_dictionaries({
    "name": words, "title_before": maybe, "title_after": maybe, "post": maybe, "email": addresses,
    "sex": st.sampled_from([None, *Sex]), "shares_phone": st.booleans(),
})  # fmt: skip


def few(examples):
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("mailbox", [False, True])
@pytest.mark.parametrize("sort", SORTS)
def test_the_usual_mails_are_framed(app, stage, sort, mailbox):
    if mailbox:
        reads_a_mailbox(app)
    reminder, kept = stage.reminder(stage.activity(), sort), Frames()
    messages = [stage.message(stage.person(), reminder, sorts=[sort]) for _ in range(4)]
    plans = plan(kept, *messages)
    assert [framed(planned) for planned in plans] == [False, True, True, True]
    for planned, message in zip(plans, messages, strict=True):
        check(planned, message)


@pytest.mark.parametrize("sort", TO_OFFICES)
def test_mails_to_offices_are_framed_too(stage, sort):
    reminder = stage.reminder(stage.activity(), sort)
    messages = [stage.message(stage.office(), reminder, sorts=[sort]) for _ in range(3)]
    plans = plan(Frames(), *messages)
    assert [framed(planned) for planned in plans] == [False, True, True]
    for planned, message in zip(plans, messages, strict=True):
        check(planned, message)


def test_children_among_adults_get_their_own_mails(stage):
    kept = Frames()
    for sort in SORTS:
        reminder = stage.reminder(stage.activity(), sort)
        ages = [None, None, AgeGroup.UNDER_18, AgeGroup.UNDER_18, None, AgeGroup.UNDER_18]
        messages = [stage.message(stage.person(age_group=age), reminder, sorts=[sort]) for age in ages]
        plans = plan(kept, *messages)
        assert [framed(planned) for planned in plans] == [False, True, False, True, True, True]
        for planned, message, age in zip(plans, messages, ages, strict=True):
            check(planned, message)
            text = text_of(parsed(compose(message, message.lines, now=NOW).data))
            assert ("Bapak/Ibu" in text, "Ananda" in text) == (age is None, age is not None)


@pytest.mark.parametrize("mailbox", [False, True])
def test_any_reader_of_any_mail_gets_the_mail_composed_for_them_alone(app, stage, mailbox):
    laid = []
    if mailbox:
        reads_a_mailbox(app)

    @few(many(25, 300))
    @given(
        sorts=st.lists(st.sampled_from(list(SORTS)), min_size=1, max_size=2),
        person=people, office=maybe, representative=maybe, titles=st.lists(words, min_size=2, max_size=2),
        locale=st.sampled_from(["id", "en"]), naming=st.booleans(),
    )  # fmt: skip
    def reads(sorts, person, office, representative, titles, locale, naming):
        activities = [stage.activity(day, title=t, public_title=t) for day, t in zip((18, 19), titles, strict=True)]
        reminders = [stage.reminder(a, s) for a, s in zip(activities, sorts, strict=False)]
        own = stage.office(name=f"{office} {next(number)}") if office else None
        asked = None
        if own:
            asked = Invitation(activity=activities[0], organisation=own, role=Role.PARTICIPANT, state=State.COMING)
            db.session.add(asked)
        plain = {
            name: f"{name} {next(number)}" if person[name] else ""
            for name in person
            if name not in ("email", "sex", "shares_phone")
        }
        readers = [
            stage.person(
                **{
                    **plain,
                    "name": "Budi",
                    "sex": person["sex"],
                    "locale": locale,
                    "shares_phone": person["shares_phone"],
                },
                organisation=own,
            ),
            stage.person(
                **{
                    **plain,
                    "name": "Cici",
                    "sex": person["sex"],
                    "locale": locale,
                    "shares_phone": person["shares_phone"],
                },
                organisation=own,
            ),
            stage.person(**person, locale=locale, organisation=own),
        ]
        messages = [
            stage.message(
                reader, *reminders, sorts=sorts, acting=ActingPerson(name=representative) if representative else None,
                nominated_under=asked if naming else None,
            )
            for reader in readers
        ]  # fmt: skip
        plans = plan(Frames(), *messages)
        for planned, message in zip(plans, messages, strict=True):
            check(planned, message)
        laid.append(framed(plans[2]))

    reads()
    assert sum(laid) >= len(laid) // 2


@few(many(8, 100))
@given(
    st.lists(
        st.tuples(st.sampled_from(list(SORTS)), st.sampled_from(list(SORTS)), st.integers(0, 2), st.booleans(),
                  st.integers(0, 1), people),
        min_size=5, max_size=9,
    )
)  # fmt: skip
def test_mails_of_many_kinds_in_any_order_are_not_mixed_up(stage, drawn):
    activities = [stage.activity(18, sequence=1), stage.activity(20, public_title="")]
    reminders = {(n, sort): stage.reminder(activity, sort) for n, activity in enumerate(activities) for sort in SORTS}
    messages = []
    for first, second, variant, several, revision, values in drawn:
        if variant == 2 and first in TO_OFFICES and not several:
            reader = stage.office(email=values["email"])
        else:
            reader = stage.person(**values, locale="en" if variant == 1 else "id")
        sorts = [first, second] if several and isinstance(reader, Person) else [first]
        asked = [reminders[n, sort] for n, sort in enumerate(sorts)]
        messages.append(stage.message(reader, *asked, sorts=sorts, answered_sequence=variant, revision=revision))
    kept = Frames()
    for _ in range(2):
        for planned, message in zip(plan(kept, *messages), messages, strict=True):
            check(planned, message)


def edited(stage, **values):
    db.session.add(
        MessageText(
            **{"key": "invitation-cadre", "locale": "id", "subject": "S", "greeting": "G", "body": "B", **values}
        )
    )


def asked_office(stage):
    asked = Invitation(activity=stage.first, organisation=stage.office(), role=Role.PARTICIPANT, state=State.COMING)
    db.session.add(asked)
    return asked


CHANGES = {
    "the activity moves": lambda stage: setattr(stage.first, "starts_at", at(18, 9)),
    "its venue gets another address": lambda stage: setattr(stage.hall, "address", "Jalan lain"),
    "its venue changes": lambda stage: setattr(stage.first, "venue", None),
    "its title changes": lambda stage: setattr(stage.first, "public_title", "Lain"),
    "its sequence rises": lambda stage: setattr(stage.first, "sequence", 3),
    "the programme gets a contact": lambda stage: setattr(stage.programme, "contact_name", "Rina"),
    "the office changes its name": lambda stage: setattr(stage.own_office, "short_name", "Dinas"),
    "the office changes its zone": lambda stage: setattr(stage.own_office, "zone", ZoneInfo("Asia/Jayapura")),
    "the text is edited": lambda stage: edited(stage),
    "the text is edited for the activity": lambda stage: edited(
        stage, activity_id=stage.first.id, body="{nama}, {tautan}"
    ),
    "the text is edited and wants the same values": lambda stage: edited(
        stage, greeting="Halo {jabatan_gelar_nama}, {jenis_kader} {kelurahan}"
    ),
    "everyone answers": lambda stage: [setattr(i, "state", State.COMING) for i in stage.invitations],
    "one is asked in another role": lambda stage: setattr(stage.invitations[3], "role", Role.PARTICIPANT),
    "one is invited again": lambda stage: setattr(stage.invitations[3], "revision", 2),
    "one is sent by an office": lambda stage: setattr(stage.invitations[3], "nominated_under", asked_office(stage)),
    "one reads English": lambda stage: setattr(stage.readers[3], "locale", "en"),
    "one gets another name": lambda stage: setattr(stage.readers[3], "name", "Wayan"),
    "one is no cadre any more": lambda stage: [db.session.delete(role) for role in stage.readers[3].cadre_roles],
    "one gets another address": lambda stage: setattr(stage.readers[3], "email", "wayan@example.com"),
}
CHANGES_OF_A_MOVE = {
    "one speaks": lambda stage: db.session.add(
        AgendaItem(activity=stage.first, starts_at=at(18, 9), ends_at=at(18, 10), topic="T", speakers=[stage.readers[3]])
    ),
    "the reminder knows more": lambda stage: setattr(stage.asked, "detail", {"reason": "lain"}),
    "one answers": lambda stage: setattr(stage.invitations[3], "state", State.NOT_COMING),
    "one answered once": lambda stage: setattr(stage.invitations[3], "answered_at", NOW),
    "one answered after the move": lambda stage: [
        setattr(stage.first, "sequence", 1), setattr(stage.invitations[3], "answered_sequence", 1)
    ],
    "one gets a quota": lambda stage: [
        edited(stage, key="change", body="{kuota} {tautan}"), setattr(stage.invitations[3], "quota", 7)
    ],
    "one is represented": lambda stage: [
        setattr(stage.invitations[3], "state", State.REPRESENTED),
        setattr(stage.invitations[3], "acting", ActingPerson(name="Dewi")),
    ],
}  # fmt: skip


@pytest.mark.parametrize("change", [*CHANGES, *CHANGES_OF_A_MOVE])
def test_a_change_between_two_batches_is_in_the_second(stage, office, change):
    sort = "invitation-cadre" if change in CHANGES else "change-unanswered"
    stage.own_office, stage.first = office, stage.activity()
    stage.asked = stage.reminder(stage.first, sort)
    stage.readers = [
        stage.person(cadre_roles=[Cadre(kind=CadreKind.PKK, region_code="18.72.01.1003")]) for _ in range(4)
    ]
    messages = [stage.message(reader, stage.asked, sorts=[sort]) for reader in stage.readers]
    stage.invitations = [message.lines[0].invitation for message in messages]
    kept = Frames()
    assert framed(plan(kept, *messages)[3])
    (CHANGES | CHANGES_OF_A_MOVE)[change](stage)
    for _ in range(2):
        for planned, message in zip(plan(kept, *messages), messages, strict=True):
            check(planned, message)


@pytest.mark.parametrize("later", [timedelta(seconds=1), timedelta(hours=20), timedelta(days=12)])
def test_a_later_batch_has_its_own_day(stage, later):
    reminder, kept = stage.reminder(stage.activity(), "unanswered"), Frames()
    messages = [stage.message(stage.person(), reminder, sorts=["unanswered"]) for _ in range(4)]
    for now in (NOW, NOW + later):
        for planned, message in zip(plan(kept, *messages, now=now), messages, strict=True):
            check(planned, message, now)


def test_the_number_of_people_present_is_that_of_the_batch(stage, ani):
    sort = "thanks"
    activity = stage.activity()
    reminder, kept = stage.reminder(activity, sort), Frames()
    messages = [stage.message(stage.person(), reminder, sorts=[sort]) for _ in range(3)]
    for message in messages:
        row = message.lines[0].invitation
        row.attendance = Attendance(present=True, source=AttendanceSource.HAND, recorded_at=at(18, 12))
        for planned, one in zip(plan(kept, *messages), messages, strict=True):
            check(planned, one)


def test_different_settings_give_different_frames(app, stage):
    reminder, kept = stage.reminder(stage.activity(), "invitation-cadre"), Frames()
    messages = [stage.message(stage.person(), reminder, sorts=["invitation-cadre"]) for _ in range(3)]
    plan(kept, *messages)
    reads_a_mailbox(app)
    with_settings(app, base_url="https://undangan.example.com", secret_key="another-secret-for-tests-0123456789")
    for planned, message in zip(plan(kept, *messages), messages, strict=True):
        check(planned, message)
        assert b"List-Unsubscribe-Post" in planned.write().data


def test_a_representative_gets_a_mail_without_the_invitees_link(stage):
    reminder = stage.reminder(stage.activity(), "change")
    messages = []
    for name in ("Dewi", "Eka", "Fajar"):
        message = stage.message(
            stage.person(), reminder, sorts=["change"], state=State.REPRESENTED,
            acting=ActingPerson(name=name, email=f"{name.lower()}@example.com"),
        )  # fmt: skip
        message.representative_of = message.lines[0].invitation
        messages.append(message)
    plans = plan(Frames(), *messages)
    assert [planned.recipient for planned in plans] == ["dewi@example.com", "eka@example.com", "fajar@example.com"]
    for planned, message in zip(plans, messages, strict=True):
        check(planned, message)
        theirs = tokens.token(tokens.link_for(db.session, message.person))
        assert theirs.encode() not in planned.write().data


def test_a_repeated_mail_about_two_moves_still_starts_from_before_the_first(stage):
    activity = stage.activity(20)
    moves = [
        stage.reminder(
            activity,
            "change",
            due_at=at(4, hour),
            detail={"old_starts_at": at(day).isoformat(), "reason": "x"},
            occurrence=occurrence,
        )  # fmt: skip
        for occurrence, (hour, day) in enumerate(((8, 18), (9, 19)))
    ]
    activity.sequence = 2
    messages = []
    for _ in range(3):
        message = stage.message(stage.person(locale="en"), moves[1], sorts=["change"])
        first = MessageLine(
            reminder=moves[0], invitation=message.lines[0].invitation, sequence=0, skipped="said_by_another_line"
        )
        message.lines.append(first)
        message.fence = 2
        messages.append(message)
    for planned, message in zip(plan(Frames(), *messages), messages, strict=True):
        check(planned, message)
        assert "Before: Monday, 18 January 2027" in text_of(parsed(planned.write().data))


@pytest.mark.parametrize("address", ["", "kader", "kader@", "k a@example.com", "k@example.com\r\nBcc: x@example.com"])
def test_an_invalid_address_is_refused_when_planning(stage, address):
    reminder, kept = stage.reminder(stage.activity(), "invitation-cadre"), Frames()
    good = [stage.message(stage.person(), reminder, sorts=["invitation-cadre"]) for _ in range(3)]
    plan(kept, *good)
    bad = stage.message(stage.person(email=address), reminder, sorts=["invitation-cadre"])
    with pytest.raises(AddressUnusable):
        plan(kept, bad)


def test_a_message_without_lines_or_without_a_link_gives_no_mail(stage):
    reminder, kept = stage.reminder(stage.activity(), "invitation-cadre"), Frames()
    message = stage.message(stage.person(), reminder, sorts=["invitation-cadre"])
    (row,) = batch_rows.load(db.session(), [message.id])
    shared = batch_rows.load_shared(db.session(), [row])
    with pytest.raises(ValueError, match="nothing to say"):
        kept.plan(db.session(), row, (), shared, now=NOW)
    with pytest.raises(LookupError):
        kept.plan(db.session(), row._replace(link_nonce=""), row.lines, shared, now=NOW)


def test_words_shared_by_two_activities_are_not_mistaken_for_a_name(stage):
    """Text that both parts of a mail share is written once, at its end; this must not depend on somebody's name."""
    first, second = stage.activity(18, public_title="Rapat"), stage.activity(19, public_title="Kader")
    edited(stage, body="Untuk {nama}\n\nA", activity_id=first.id)
    edited(stage, body="Untuk {kegiatan}\n\nA", activity_id=second.id)
    reminders = [stage.reminder(activity, "invitation-cadre") for activity in (first, second)]
    names = ("Ani", "Budi", "Cici", "Kader")
    messages = [stage.message(stage.person(name=n), *reminders, sorts=["invitation-cadre"] * 2) for n in names]
    plans = plan(Frames(), *messages)
    assert [framed(planned) for planned in plans] == [False, True, True, False]
    for planned, message in zip(plans, messages, strict=True):
        check(planned, message)


def test_a_name_equal_to_a_greeting_is_not_mistaken_for_it(stage):
    first, second = stage.activity(18), stage.activity(19)
    edited(stage, body="Untuk {name}\n\nA", locale="en", activity_id=first.id)
    edited(stage, body="Untuk {salutation}\n\nA", locale="en", activity_id=second.id)
    reminders = [stage.reminder(activity, "invitation-cadre") for activity in (first, second)]
    readers = [stage.person(locale="en", post=post) for post in ("", "", "Camat", "Lurah", "", "Camat")]
    messages = [stage.message(reader, *reminders, sorts=["invitation-cadre"] * 2) for reader in readers]
    for planned, message in zip(plan(Frames(), *messages), messages, strict=True):
        check(planned, message)


def test_the_number_of_cached_frames_is_limited(stage, monkeypatch):
    monkeypatch.setattr(frames, "KEPT", 2)
    activities = [stage.activity(day) for day in (18, 19, 20)]
    kept = Frames()
    for activity in activities:
        reminder = stage.reminder(activity, "coming")
        messages = [stage.message(stage.person(), reminder, sorts=["coming"]) for _ in range(3)]
        assert framed(plan(kept, *messages)[2])
    assert len(kept._kept) == 2


def test_a_value_with_a_line_break_is_not_framed(stage):
    data = b"To: x\r\nDate: x\r\nMessage-ID: x\r\n\r\nHalo\r\n"
    frame = slots.cut(data, b"20261010T000000Z")
    filling = slots.Filling(b"To: a@example.com\r\n", b"Date: d\r\n", b"Message-ID: <m>\r\n", b"s", "n", "a", "t", ())
    assert frame.lay(filling) == b"To: a@example.com\r\nDate: d\r\nMessage-ID: <m>\r\n\r\nHalo\r\n"
    wrong = [{"to": to} for to in (b"To: a@example.com\r\n\n.\r\n", b"To: a@example.com\rBcc: b@example.com\r\n")]
    for end in ("\r\n", "\n", "\r"):
        wrong += [{part: f"a{end}X-EVIL:1"} for part in ("name", "address", "token")]
        wrong += [{"values": ("a", f"b{end}{end}c")}]
    for broken in wrong:
        with pytest.raises(ValueError, match="line break"):
            frame.lay(filling._replace(**broken))
