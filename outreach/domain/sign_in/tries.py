"""How long the next try of a password has to wait.

Nobody is locked out: the wait grows with each wrong try, and it depends on where the tries come from. What strangers do
elsewhere never holds up a device on which the account has signed in before. On a new device they can take its owner's turns as
long as they go on trying from very many networks; there a new password by mail lets the device in.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """free: tries without a wait. Each one after them doubles the wait, from two seconds to `longest_s`.

    forgotten_s: so long after the first try they are counted from the beginning.
    """

    free: int
    longest_s: int
    forgotten_s: int = 3_600


OF_DEVICE = Patience(free=10, longest_s=900)  # a device that the account knows: somebody else may hold it
OF_PAIR = Patience(free=5, longest_s=900)  # one account, tried from one network address
OF_ADDRESS = Patience(free=50, longest_s=60)  # wrong tries from one network address; a whole office can be behind it
OF_ACCOUNT = Patience(free=300, longest_s=30)  # wrong tries of one account from everywhere


def wait_s(tries: int, of: Patience) -> int:
    """Return how many seconds the try after this many has to wait."""
    over = tries - of.free
    return 0 if over < 0 else min(of.longest_s, 2 ** min(over + 1, 20))
