"""The portal's settings, with only what tests need changed: a cheap password hasher and a cache of their own."""

from tsubame_portal.settings import *  # noqa: F403
from tsubame_portal.settings import CACHES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES["default"]["KEY_PREFIX"] = "tsubame-test"
