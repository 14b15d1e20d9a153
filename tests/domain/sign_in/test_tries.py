"""How long tries of a password wait."""

from outreach.domain.sign_in.tries import OF_ACCOUNT, OF_PAIR, wait_s


def test_the_first_tries_do_not_wait_and_then_the_wait_doubles_up_to_a_quarter_of_an_hour():
    waits = [wait_s(tries, OF_PAIR) for tries in range(1, 16)]
    assert waits == [0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert wait_s(10**6, OF_PAIR) == 900


def test_tries_of_an_account_from_everywhere_never_wait_longer_than_half_a_minute():
    assert [wait_s(tries, OF_ACCOUNT) for tries in (299, 300, 301, 10**6)] == [0, 2, 4, 30]
