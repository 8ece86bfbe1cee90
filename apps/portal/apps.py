from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "apps.portal"
    verbose_name = _("portal")

    def ready(self) -> None:
        from apps.portal import checks  # noqa: F401  # registers the system checks
