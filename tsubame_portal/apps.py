from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    """Without the scripts of django-htmx, which we do not use and which import each other by names no file has."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "django_htmx"]
