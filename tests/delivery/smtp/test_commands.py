"""A mail's bytes on the wire, compared with RFC 5321 line by line; test_handover.py has the commands."""

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from outreach.delivery.line_ends import whole
from outreach.delivery.smtp.commands import Extensions, dotted, envelope_commands
from outreach.delivery.smtp.outcomes import Envelope, Permanent


@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"x"]), max_size=20).map(b"".join))
@example(b"")
@example(b"\r")
@example(b"x\r.\n.\r\n.")
def test_lines_end_in_crlf_and_dots_are_doubled_in_any_mail(data):
    lines = re.split(rb"\r\n|\r|\n", data)
    lines = lines if lines[-1] or len(lines) == 1 else lines[:-1]
    assert whole(data) == b"".join(line + b"\r\n" for line in lines)
    doubled = [b"." + line if line.startswith(b".") else line for line in lines]
    assert dotted(data) == b"".join(line + b"\r\n" for line in [*doubled, b"."])


@pytest.mark.parametrize(
    "address",
    [
        "ani@mallory@example.com",
        "ani wijaya@example.com",
        "ani@example.com> SIZE=1",
        "ani@example.com\r\nRCPT TO:<x@y>",
        "ani@",
    ],
)
def test_an_invalid_address_never_appears_in_an_envelope(address):
    envelope = Envelope(sender="undangan@example.com", recipient=address, data=b"x\r\n")
    with pytest.raises(Permanent):
        envelope_commands(envelope, Extensions(foreign_letters=True))
    assert envelope_commands(replace(envelope, recipient="ani@example.com"), Extensions()) == (
        b"MAIL FROM:<undangan@example.com>\r\n",
        b"RCPT TO:<ani@example.com>\r\n",
    )
