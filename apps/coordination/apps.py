from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoordinationConfig(AppConfig):
    name = "apps.coordination"
    verbose_name = _("coordination")

    def ready(self) -> None:
        from apps.coordination import checks  # noqa: F401  # registers the system checks
