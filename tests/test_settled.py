"""What is loaded is out of the way of garbage collection."""

import gc

from django.urls import get_resolver

from tsubame_portal.settled import settle


def test_what_is_loaded_is_not_collected_again():
    try:
        settle()
        assert gc.get_freeze_count() > 10_000
        assert all(one is not get_resolver() for one in gc.get_objects())
    finally:
        gc.unfreeze()
