"""What a process keeps is bounded, and what was wanted last stays."""

from apps.common.recentlyused import RecentlyUsed


def test_what_nobody_has_wanted_for_longest_goes_first():
    kept: RecentlyUsed[str, int] = RecentlyUsed(2)
    kept.keep("a", 1)
    kept.keep("b", 2)
    assert kept.find("a") == 1
    kept.keep("c", 3)
    assert [kept.find(key) for key in "abc"] == [1, None, 3]


def test_sizes_add_up_and_what_is_too_large_is_not_kept():
    kept: RecentlyUsed[str, str] = RecentlyUsed(5, len)
    kept.keep("a", "12")
    kept.keep("b", "345")
    assert kept.total == 5
    kept.keep("a", "123")  # in place of the shorter one
    assert (kept.find("a"), kept.find("b"), kept.total) == ("123", None, 3)
    kept.keep("a", "1234567")
    assert (kept.find("a"), kept.total) == (None, 0)


def test_nothing_is_kept_once_it_is_forgotten():
    kept: RecentlyUsed[str, int] = RecentlyUsed(2)
    kept.keep("a", 1)
    kept.forget()
    assert (kept.find("a"), kept.total) == (None, 0)
