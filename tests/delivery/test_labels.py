"""How members of closed lists are said."""

import pytest

from outreach.delivery import labels
from outreach.domain.incoming import IncomingReason
from outreach.domain.kinds import IncomingKind, IncomingOutcome, MailKind


@pytest.mark.parametrize("kind", [IncomingKind, IncomingOutcome, IncomingReason, MailKind])
def test_each_has_words_of_its_own(app, kind):
    words = [labels.label(member) for member in kind]
    assert all(words)
    assert len(set(words)) == len(words)
