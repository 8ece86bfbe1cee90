"""Which of the visible states a question to a scanning service ends in, and why, in words."""

from django.utils.translation import gettext_noop as _

from apps.enrichment.failures import LookupFailedError
from apps.enrichment.hosts.switches import REFUSED_FOR, why_off
from apps.enrichment.models import HostProvider, State
from apps.enrichment.registries.wire import RefusedError, Trace, is_timeout, words_of

SLOW_DOWN = _("The scanning service asked us to slow down.")
NOT_JSON = _("The answer is not a host profile: %(detail)s")


def require_on(service: HostProvider) -> None:
    """LookupFailedError where the installation does not ask the service."""
    if why := why_off(service):
        raise LookupFailedError(State.ERROR, why, retry_after=REFUSED_FOR)


def failure(trace: Trace, error: Exception) -> LookupFailedError:
    """For every ending but an answer and “no data”."""
    if trace.status == 429:
        return LookupFailedError(State.RATE_LIMITED, SLOW_DOWN, retry_after=trace.retry_after)
    if isinstance(trace.problem, RefusedError):
        return LookupFailedError(State.ERROR, _("Refused: %(detail)s"), detail=trace.problem.reason)
    if is_timeout(trace.problem):
        return LookupFailedError(State.TIMEOUT, _("The scanning service did not answer in time."))
    if trace.problem is not None or trace.status is None:
        message = _("The scanning service could not be reached: %(detail)s")
        return LookupFailedError(State.ERROR, message, detail=words_of(trace.problem or error))
    if trace.status >= 300:
        message = _("The scanning service answered with HTTP status %(detail)s.")
        return LookupFailedError(State.ERROR, message, detail=trace.status, retry_after=trace.retry_after)
    return LookupFailedError(State.ERROR, NOT_JSON, detail=trace.content_type or "?")
