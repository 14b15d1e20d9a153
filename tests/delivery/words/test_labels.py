"""The words for members of closed lists."""

import pytest

from outreach.delivery.words import labels
from outreach.domain.kinds import IncomingKind, IncomingOutcome, MailKind
from outreach.domain.mail.incoming import IncomingReason


@pytest.mark.parametrize("kind", [IncomingKind, IncomingOutcome, IncomingReason, MailKind])
def test_each_member_has_its_own_words(app, kind):
    words = [labels.label(member) for member in kind]
    assert all(words)
    assert len(set(words)) == len(words)
