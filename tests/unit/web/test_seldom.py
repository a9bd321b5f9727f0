"""A key passes once in so many seconds."""

from flexapp.web.seldom import Seldom


def test_each_key_passes_once_in_its_seconds() -> None:
    now = [100.0]
    seldom = Seldom(5.0, now=lambda: now[0])
    assert [seldom.may("a"), seldom.may("a"), seldom.may("b")] == [True, False, True]
    now[0] += 4.9
    assert not seldom.may("a")
    now[0] += 0.1
    assert seldom.may("a")
    assert not seldom.may("a")
