"""When a mail proves its sender: one From field with one mailbox, and a verdict of our own server for it."""

import pytest

from outreach.delivery.inbox.proof import UNNAMED, judges, proven_sender

LONG = "x" * 1100
OURS = "mx.example.org"
PASSED = f"Authentication-Results: {OURS}; dmarc=pass"


def mail(fields: str) -> bytes:
    return (fields.replace("\n", "\r\n") + "\r\nTo: undangan@example.com\r\n\r\nFrom: ani@example.com\r\n").encode()


@pytest.mark.parametrize(
    "value",
    [
        "ani@example.com",
        "<ani@example.com>",
        "Ani Wijaya <Ani@Example.com>",
        '"Wijaya, Ani (S.Pd.)" <ani@example.com>',
        '"mallory@example.net" <ani@example.com>',
        '"a\\" <mallory@example.net>\\"" <ani@example.com>',
        "=?utf-8?q?Ani=40example=2Enet?= <ani@example.com>",
        "Hj. Áni\n <ani@example.com>",
    ],
)
def test_one_well_formed_mailbox_proves_its_sender(value):
    assert proven_sender(mail(f"{PASSED}\nFrom: {value}"), OURS) == "ani@example.com"


@pytest.mark.parametrize(
    "fields",
    [
        f'From: "ani@example.com {LONG}" <ani@example.com>',  # too long for anybody's name
        "From: ani@example.com <mallory@example.net>",
        "From: ani@example.com, mallory@example.net",
        "From: mallory@example.net (ani@example.com)",
        "From: (ani@example.com) mallory@example.net",
        "From: ani@example.com:mallory@example.net;",
        'From: "Ani" <ani@example.com> <mallory@example.net>',
        'From: "ani@example.com <mallory@example.net>',
        "From: <@example.net,@x:ani@example.com>",
        "From: Ani <mallory @example.net ani@example.com>",
        "From: ani@example.com@example.net",
        "From: \nSender: ani@example.com",
        "Sender: ani@example.com",
        "From: ani@example.com\nFrom: mallory@example.net",
        "From: ani@example.com\nfrom : ani@example.com",
        "From: ani@example.com\nX-Break: a\rFrom: mallory@example.net",
        "From: ani@example.com\x00",
        "From: ani@\x01example.com",
        "From: \u212aani@example.com",  # its lower-case form is k
        "From: ani@example.com\nX-Padding: " + "\n ".join(["x" * 70] * 1000),
        "\nFrom: ani@example.com",
        "Subject: x",
    ],
)
def test_anything_else_is_a_claim(fields):
    verdict = "" if fields.startswith("\n") else f"{PASSED}\n"
    assert proven_sender(mail(f"{verdict}{fields}"), OURS) == ""


def judged(*verdicts: str, server: str = OURS) -> str:
    fields = "\n".join(f"Authentication-Results: {verdict}" for verdict in verdicts)
    return proven_sender(mail(f"{fields}\nFrom: Ani <ani@example.com>"), server)


@pytest.mark.parametrize("server", [OURS, UNNAMED, ""])
def test_without_a_verdict_nothing_is_proven(server):
    assert proven_sender(mail("From: ani@example.com"), server) == ""


def test_a_server_without_a_name_is_believed_if_the_setting_says_so():
    nameless = "spf=pass (sender IP is 192.0.2.1)\n smtp.mailfrom=example.com; dkim=none;dmarc=none"
    assert [judged(nameless, server=server) for server in (UNNAMED, OURS, "")] == ["ani@example.com", "", ""]


def test_without_the_setting_no_server_is_believed():
    assert judged("mx.example.org; dmarc=pass header.from=example.com", server="") == ""


@pytest.mark.parametrize(
    ("fields", "server"),
    [
        ("Authentication-Results: MX.example.org 1; spf=none\nAuthentication-Results: other; dmarc=pass", OURS),
        ("Authentication-Results: spf=pass smtp.mailfrom=example.com; dmarc=pass", UNNAMED),
        ("Authentication-Results: ", None),
        ("Subject: x", None),
    ],
)
def test_the_first_verdict_of_a_mail_names_its_server(fields, server):
    assert judges(mail(fields)) == server


@pytest.mark.parametrize(
    "verdicts",
    [
        ("mx.example.org; dmarc=pass header.from=example.com",),
        ("MX.example.org 1; spf=none; dmarc=pass (p=none; dis=none)",),
        ("mx.example.org; dkim=pass header.d=example.com",),
        ("mx.example.org; dkim=fail header.d=example.com; dkim=pass header.i=@example.com",),
        ("mx.example.org; spf=pass smtp.mailfrom=bounce@example.com; dmarc=none",),
        ("mx.example.org;\n spf=pass\n smtp.mailfrom=example.com",),
        ("mx.example.org; dmarc=pass", "mx.example.net; dmarc=fail"),  # added by another server on the way
        ("mx.example.org; dkim=pass header.d=example.com", "mx.example.org; spf=none"),
        ("mx.example.org (a filter); dmarc=pass (p=none (of example.com) dis=none) header.from=example.com (x)",),
    ],
)
def test_a_verdict_in_favour_of_the_sender(verdicts):
    assert judged(*verdicts) == "ani@example.com"


@pytest.mark.parametrize(
    "verdicts",
    [
        ("mx.example.org; dmarc=fail (p=none)",),
        ("mx.example.org; dkim=none", "mx.example.org; dmarc=fail (p=reject)"),
        ("mx.example.org; dkim=pass header.d=example.com", "mx.example.org; dmarc=fail"),
        ("mx.example.org; spf=fail smtp.mailfrom=example.net; dkim=none; dmarc=none",),
        ("mx.example.org; none",),
        ("mx.example.org; spf=pass smtp.mailfrom=mallory@example.net; dkim=pass header.d=example.net",),
        ("mx.example.org; dmarc=pass header.from=example.net",),
        (f"mx.example.org; dmarc=pass header.from={'x' * 300}@example.net",),  # too long
        ("mx.example.org; spf=pass smtp.helo=example.com",),
        ("mx.example.org; dkim=pass",),
        ("mx.example.org; dkim=pass header.d=com",),
        ("mx.example.org; dkim=pass header.d=ple.com",),
        ("mx.example.org; spf=none; dmarc=none", "mx.example.org; dmarc=pass"),  # the sender wrote the second one
        ("mx.example.org; spf=none", "mx.example.net; dmarc=pass"),
        ('mx.example.org; spf=pass smtp.mailfrom="x; dmarc=pass header.from=example.com"@example.net',),
        ('mx.example.org; spf=pass smtp.mailfrom="x smtp.mailfrom=example.com"@example.net',),
        ("mx.example.org; spf=none (x; dmarc=pass header.from=example.com)",),
        ("mx.example.org; spf=none (x (; dmarc=pass",),
        ("",),
        ("mx.example.org; " + "dkim=none; " * 1000 + "dmarc=pass",),
        ("mx.example.org; dmarc=pass",) * 21,
        # Only the topmost one counts.
        ("mx.example.org; spf=fail smtp.mailfrom=example.com", "mx.example.org; dkim=pass header.d=example.com"),
        ("mx.example.net; dmarc=pass", "mx.example.org; dmarc=pass"),
        ("spf=pass smtp.mailfrom=example.com", "mx.example.org; dmarc=pass"),
        ("", "mx.example.org; dmarc=pass"),
        # What is quoted or too long may come from the sender.
        ('mx.example.org; dkim=pass header.d="example.com"',),
        ('mx.example.org; dkim=pass reason="x header.d=example.com" header.d=example.net',),
        ('mx.example.org; dmarc=pass reason="header.from=example.com" header.from=example.net',),
        ('"mx.example.org"; dmarc=pass',),
        (f"mx.example.org; dkim=pass header.d=example.com.{LONG}.example.net",),
        (f"mx.example.org; spf=pass smtp.mailfrom={'x' * 288}@example.com.example.net",),
        ("mx.example.org; dmarc=pass header.from=example.com; x=" + "x" * 8000,),
        # A comment into which the server wrote what the sender chose.
        (
            'mx.example.org; spf=pass (domain of "a); dmarc=pass header.from=example.com (b"@example.net designates it)'
            ' smtp.mailfrom="a); dmarc=pass header.from=example.com (b"@example.net',
        ),
        ("mx.example.org; spf=none (no record of x);dmarc=pass( as HELO)",),
        ("mx.example.org; spf=none (no record of x);dmarc=pass as HELO)",),
        (r"mx.example.org; spf=none (no record of \);dmarc=pass (\ as HELO)",),
        ("mx.example.org; dmarc=pass header.from=example.com (" * 900,),
    ],
)
def test_a_server_verdict_without_anything_in_the_senders_favour(verdicts):
    assert judged(*verdicts) == ""
