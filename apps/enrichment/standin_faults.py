"""Ways in which registries fail, on purpose."""

from enum import StrEnum

HUGE_BYTES = 100 * 2**20
PIECE = b"x" * 65536
SCRIPT = "<script>alert(1)</script>\x1b[31m\x00\x07"


class Fault(StrEnum):
    """Each is played by RDAP, WHOIS and pages as far as it has a form there."""

    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"  # by HTTP 429 with Retry-After: 120
    RATE_NOTICE = "rate_notice"  # an answer like any other, but its text says that the limit is exceeded
    SERVER_ERROR = "server_error"
    SLOW = "slow"  # the first byte comes after `slow_s`
    DRIP = "drip"  # a byte at a time, without end
    HTML = "html"
    BROKEN = "broken"  # stops in the middle
    HUGE = "huge"  # 100 MB
    REDIRECT = "redirect"  # to somewhere that answers
    REDIRECT_LOOP = "redirect_loop"
    REDIRECT_ENDLESS = "redirect_endless"  # to ever another place
    REDIRECT_PRIVATE = "redirect_private"  # to this machine
    OTHER_RANGE = "other_range"
    SCRIPT = "script"  # script and control characters in every name
    CHARSET = "charset"  # letters in another charset than is stated
    DENIED = "denied"  # by WHOIS: no permission
    HANG_UP = "hang_up"
