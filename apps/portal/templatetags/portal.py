"""How numbers, days and links are written on pages."""

from datetime import datetime, timedelta

from django import template
from django.conf import settings
from django.utils import formats

from apps.common.periods import local_day

register = template.Library()


@register.filter
def last_day(end: datetime) -> str:
    """The last local day before the exclusive end of a span."""
    return formats.date_format(local_day(end - timedelta(microseconds=1), settings.REPORT_TIME_ZONE), "DATE_FORMAT")
