"""Single lines written as quoted-printable (RFC 2045, 6.7), exactly as the standard library writes them in a whole text."""

from email.quoprimime import body_encode

WIDTH = 76  # octets, a soft break's "=" among them
_QUOTED = {byte: body_encode(chr(byte)) for byte in range(256) if chr(byte) not in "\r\n\t "}


def quoted(text: str) -> str:
    """Return text, without line breaks, in quoted-printable that no line has been broken of yet."""
    if text.isascii() and text.isprintable():
        return text.replace("=", "=3D")
    return text.encode().decode("latin-1").translate(_QUOTED)


def broken(line: str) -> bytes:
    """Return a quoted line with soft breaks where it is too long, ended by CRLF."""
    if len(line) <= WIDTH and line[-1:] != " ":
        return line.encode("ascii") + b"\r\n"
    rows: list[str] = []
    start, length = 0, len(line)
    while length - start > WIDTH:
        stop = start + WIDTH - 1
        if line[stop - 1] == "=":  # no break within "=3D"
            stop -= 1
        elif line[stop - 2] == "=":
            stop -= 2
        rows.append(line[start:stop])
        start = stop
    rows += _ended(line[start:])
    return "=\r\n".join(rows).encode("ascii") + b"\r\n"


def _ended(rest: str) -> list[str]:
    """Return the last row, or two, where a blank at the end must be kept from being lost on the way."""
    if not rest.endswith(" "):
        return [rest]
    if len(rest) <= WIDTH - 2:
        return [f"{rest[:-1]}=20"]
    return [rest, ""] if len(rest) < WIDTH else [rest[:-1], "=20"]
