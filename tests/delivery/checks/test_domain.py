"""What DNS says about the sender's domain, queried from a real DNS server, and the advice for each problem."""

from pathlib import Path

import pytest

from outreach.delivery.checks import domain
from outreach.delivery.checks.domain import Dns
from tests.servers.dns import DnsServer
from tests.support.apps import settings_for

GOOD = {
    ("dinas.go.id", "MX"): ["10 mx1.dinas.go.id.", "20 mx2.dinas.go.id."],
    ("dinas.go.id", "TXT"): ['"verifikasi=123"', '"v=spf1 mx include:_spf.penyedia.id -all"'],
    ("_spf.penyedia.id", "TXT"): ['"v=spf1 ip4:192.0.2.0/24 -all"'],
    ("_dmarc.dinas.go.id", "TXT"): ['"v=DMARC1; p=reject"'],
    ("default._domainkey.dinas.go.id", "TXT"): ['"v=DKIM1; k=rsa; p=MIGf" "MA0G"'],
}


def found(records, *, silent: bool = False, **values: str) -> list[tuple[str, str]]:
    """Return (level, text) of each finding about a sender at dinas.go.id."""
    settings = settings_for(Path("."), **{"mail_sender": "Dinas <undangan@dinas.go.id>", **values})
    with DnsServer(records, silent=silent) as server:
        ask = Dns(server.resolver(), patience_s=0.3 if silent else 60.0)
        return [(finding.level.value, finding.text) for finding in domain.check(settings, ask)]


def levels(changed: dict | None = None, **values: str) -> dict[str, str]:
    """Return {what: level} after changing a good set of records; None removes a record."""
    records = {key: value for key, value in {**GOOD, **(changed or {})}.items() if value is not None}
    names = ("MX", "SPF", "DMARC", "DKIM")
    return {
        next((name for name in names if name in text), "MX" if "receives mail" in text else text): level
        for level, text in found(records, **values)
    }


def test_a_domain_with_all_records_passes():
    assert found(GOOD) == [
        ("ok", "dinas.go.id receives mail at mx1.dinas.go.id."),
        ("ok", "SPF: v=spf1 mx include:_spf.penyedia.id -all"),
        ("ok", "DMARC: v=DMARC1; p=reject"),
        ("ok", "DKIM: dinas.go.id has a key “default”."),
    ]


ALL_WELL = {"MX": "ok", "SPF": "ok", "DMARC": "ok", "DKIM": "ok"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({("dinas.go.id", "MX"): None}, {"MX": "warn"}),
        ({("dinas.go.id", "TXT"): ['"nothing of the kind"']}, {"SPF": "fail"}),
        ({("dinas.go.id", "TXT"): ['"v=spf1 -all"', '"v=spf1 mx -all"']}, {"SPF": "fail"}),
        ({("dinas.go.id", "TXT"): ['"v=spf1 +all"']}, {"SPF": "warn"}),
        ({("dinas.go.id", "TXT"): ['"v=spf10 -all"']}, {"SPF": "fail"}),
        ({("_dmarc.dinas.go.id", "TXT"): None}, {"DMARC": "warn"}),
        ({("_dmarc.dinas.go.id", "TXT"): None, ("_dmarc.go.id", "TXT"): ['"v=DMARC1; p=none"']}, {"DMARC": "ok"}),
        ({("_dmarc.dinas.go.id", "TXT"): ['"v=DMARC1; p=none"'] * 1 + ['"v=DMARC1; p=reject"']}, {"DMARC": "fail"}),
        ({("default._domainkey.dinas.go.id", "TXT"): None}, {"DKIM": "warn"}),
        ({("default._domainkey.dinas.go.id", "TXT"): ['"v=DKIM1; p="']}, {"DKIM": "fail"}),
    ],
)
def test_each_missing_or_wrong_record_is_named(changed, expected):
    assert levels(changed) == {**ALL_WELL, **expected}


@pytest.mark.parametrize(("more", "level"), [(9, "ok"), (10, "warn")])
def test_an_spf_record_of_more_than_ten_lookups_counts_as_broken(more, level):
    includes = {(f"s{n}.id", "TXT"): ['"v=spf1 -all"'] for n in range(more)}
    record = "v=spf1 mx " + " ".join(f"include:s{n}.id" for n in range(more)) + " -all"
    assert levels({**includes, ("dinas.go.id", "TXT"): [f'"{record}"']})["SPF"] == level


def test_an_spf_record_that_includes_itself_is_followed_once():
    assert levels({("dinas.go.id", "TXT"): ['"v=spf1 include:dinas.go.id -all"']})["SPF"] == "ok"


def test_a_configured_selector_is_looked_up_and_reported_missing():
    assert levels(dkim_selector="default")["DKIM"] == "ok"
    assert levels(dkim_selector="kantor")["DKIM"] == "fail"


def test_spf_is_checked_for_the_return_path_which_should_be_under_the_same_domain():
    elsewhere = {("pantulan.id", "TXT"): ['"v=spf1 -all"']}
    told = found({**GOOD, **elsewhere}, mail_return_path="bounces+{id}@pantulan.id")
    assert ("ok", "SPF: v=spf1 -all") in told
    assert [level for level, text in told if "return to pantulan.id" in text] == ["warn"]
    below = {("surat.dinas.go.id", "TXT"): ['"v=spf1 -all"']}
    told = found({**GOOD, **below}, mail_return_path="bounces+{id}@surat.dinas.go.id")
    assert [level for level, _text in told] == ["ok"] * 4


def test_a_silent_dns_server_is_reported_once():
    assert found(GOOD, silent=True) == [
        ("warn", "DNS did not answer, so SPF, DKIM and DMARC of dinas.go.id were not looked at.")
    ]


@pytest.mark.parametrize("sender", ["Outreach <outreach@example.com>", "a@kantor.local", "a@localhost"])
def test_a_sender_without_a_real_domain_is_not_looked_up(sender):
    told = found({}, mail_sender=sender)
    assert [level for level, _text in told] == ["fail"]
    assert "nobody's domain" in told[0][1]
