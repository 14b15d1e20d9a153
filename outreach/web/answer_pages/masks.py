"""Other people's phone and e-mail on an answer page: only a part, enough for the person who typed them to recognise them.

A link is forwarded, printed and opened on shared phones. Somebody who opens it later must not learn how to reach others.
"""

from outreach.delivery.words import formats

ELLIPSIS = "…"


def masked_phone(number: str) -> str:
    """Return "0812…90" for +6281234567890; "" for none."""
    shown = formats.phone(number).replace("-", "")
    return f"{shown[:4]}{ELLIPSIS}{shown[-2:]}" if len(shown) > 8 else ELLIPSIS if shown else ""


def masked_email(address: str) -> str:
    """Return "r…@example.com"; "" for none."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}{ELLIPSIS}@{domain}" if at else ELLIPSIS if address else ""
