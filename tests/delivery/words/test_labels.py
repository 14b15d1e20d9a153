"""How members of closed lists are said."""

import pytest

from outreach.delivery.words import labels
from outreach.domain.kinds import IncomingKind, IncomingOutcome, MailKind
from outreach.domain.mail.incoming import IncomingReason


@pytest.mark.parametrize("kind", [IncomingKind, IncomingOutcome, IncomingReason, MailKind])
def test_each_has_words_of_its_own(app, kind):
    words = [labels.label(member) for member in kind]
    assert all(words)
    assert len(set(words)) == len(words)
