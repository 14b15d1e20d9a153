"""Lines of quoted-printable equal those of the standard library."""

from email.quoprimime import body_encode

from hypothesis import example, given
from hypothesis import strategies as st

from outreach.delivery.mail.frames.slots import WIDTH, broken, quoted

texts = st.lists(st.sampled_from(["a", " ", "=", "é", "😀", ".", "aaaaaaaaaaaaaaaaaaaaaaaaa", "======="]), max_size=90)


@given(texts.map("".join))
@example("a" * 73 + " ")
@example("a" * 74 + " ")
@example("a" * 75 + " ")
@example("a" * 76 + " ")
@example("a" * 76)
@example("a" * 77)
def test_a_line_is_encoded_as_within_a_whole_text(text):
    written = broken(quoted(text))
    assert written == body_encode(text.encode().decode("latin-1"), WIDTH, "\r\n").encode() + b"\r\n"
    assert all(len(row) <= WIDTH for row in written.split(b"\r\n"))
