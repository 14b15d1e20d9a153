"""When a mail proves its sender: one From field with one mailbox, and no verdict of our server against it."""

import pytest

from outreach.delivery.inbox.proof import proven_sender

LONG = "x" * 1100


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
    assert proven_sender(mail(f"From: {value}")) == "ani@example.com"


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
    assert proven_sender(mail(fields)) == ""


def judged(*verdicts: str) -> str:
    fields = "\n".join(f"Authentication-Results: {verdict}" for verdict in verdicts)
    return proven_sender(mail(f"{fields}\nFrom: Ani <ani@example.com>"))


@pytest.mark.parametrize(
    "verdicts",
    [
        ("mx.example.org; dmarc=pass header.from=example.com",),
        ("MX.example.org 1; spf=none; dmarc=pass (p=none; dis=none)",),
        ("mx.example.org; dkim=pass header.d=example.com",),
        ("mx.example.org; dkim=fail header.d=example.com; dkim=pass header.i=@example.com",),
        ("mx.example.org; spf=pass smtp.mailfrom=bounce@example.com; dmarc=none",),
        ("mx.example.org;\n spf=pass\n smtp.mailfrom=example.com",),
        ("mx.example.org; spf=fail smtp.mailfrom=example.com", "mx.example.org; dkim=pass header.d=example.com"),
        ("mx.example.org; dmarc=pass", "mx.example.net; dmarc=fail"),  # added by another server on the way
        ("spf=pass (sender IP is 192.0.2.1)\n smtp.mailfrom=example.com; dkim=none;dmarc=none",),  # names no server
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
    ],
)
def test_a_server_verdict_without_anything_in_the_senders_favour(verdicts):
    assert judged(*verdicts) == ""
