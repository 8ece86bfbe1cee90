"""Lists of survey scanners that an administrator loads by the page: read and stored as `manage.py load_scanners` does."""

from collections.abc import Mapping
from datetime import date

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.common.errors import ParameterError
from apps.observations.counting.rerolls import load_scanners_and_reroll
from apps.reference import scanner_files
from apps.reference.scanner_files import Format

FIELDS = ("name", "date", "format")
MAX_UPLOAD = 8 << 20  # bytes as sent; unpacked, a list has the limits of the command


def load(written: Mapping[str, str], file: UploadedFile | None, by: User) -> int:
    """→ how many sensor-days are counted anew. DomainError names the field or the rows that are wrong; then nothing is stored."""
    form, day = _format(written["format"]), _day(written["date"])
    if file is None or file.file is None:
        raise ParameterError("file", _("choose a file"))
    if (file.size or 0) > MAX_UPLOAD:
        raise ParameterError("file", _("larger than %(size)d MiB") % {"size": MAX_UPLOAD >> 20})
    found = scanner_files.read_open(file.file, str(file.name)[-100:], form)
    return load_scanners_and_reroll(name=written["name"], day=day, ranges=found.ranges, by=by)[1]


def _format(text: str) -> Format:
    try:
        return Format(text)
    except ValueError as error:
        raise ParameterError("format", _("must be one of %(choices)s") % {"choices": ", ".join(Format)}) from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ParameterError("date", _("is not a day such as 2026-10-31")) from error
