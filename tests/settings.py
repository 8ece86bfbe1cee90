"""The portal's settings, with only what tests need changed: a cheap password hasher and a cache of their own."""

from tsubame_portal.settings import *  # noqa: F403
from tsubame_portal.settings import CACHES, LOGGING, STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES["default"]["KEY_PREFIX"] = "tsubame-test"
CELERY_IMPORTS = ["tests.probe_tasks"]
LOGGING["loggers"] = {"mail.log": {"level": "WARNING"}}  # the SMTP server of the tests tells of every line
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # no collectstatic before tests
CSIRT_PREFIX, CSIRT_NAME_JA, CSIRT_NAME_EN = "CSIRT-XX", "サンプル CSIRT", "Sample CSIRT"
# Pages in a browser get the files as they are: pytest-django's server knows the app of static files by its usual name only.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
