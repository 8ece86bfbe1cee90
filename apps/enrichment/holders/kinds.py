"""What a holder does with its addresses, suggested from what registries say of it. A hint for people, who may choose otherwise.

Each rule looks for words and weighs as many IPv4 addresses as the networks that have such a word, an IPv6 network as one, and all
of them where the holder itself has it. The heaviest is suggested, of equals the one that stands first, and nothing where none fits.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from django.db.models import QuerySet
from django.utils.translation import gettext

from apps.enrichment.holders.kindrules import DOMAIN, POOL, REASONS, RULES, Rule
from apps.enrichment.models import Holder, HolderKind, Network

READ = 200  # networks of a holder; of one with thousands these tell enough
POOL_SOURCES, POOL_TURNOVER = 30, 5.0  # distinct sources of at least this many mean daily ones: addresses change hands


@dataclass(frozen=True)
class Known:
    """`own` is what stands for the holder as a whole, `networks` for each of its networks, beside its weight."""

    own: tuple[str, ...]
    networks: tuple[tuple[int, tuple[str, ...]], ...]
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Suggestion:
    kind: HolderKind
    rule: str = ""
    word: str = ""

    @property
    def stored(self) -> str:
        """As `Holder.kind_reason` keeps it; `reason_text` reads it in any language."""
        return f"{self.rule}|{self.word}"[:200] if self.rule else ""


def suggest(known: Known) -> Suggestion:
    weights, words = _weighed(known)
    fitting = [rule for rule in RULES if weights[rule.key]]
    best = max(fitting, key=lambda rule: (not rule.is_weak, weights[rule.key]), default=None)
    return Suggestion(best.kind, best.key, words[best.key]) if best else Suggestion(HolderKind.UNKNOWN)


def suggest_by_turnover(sources: int, daily: float | None) -> Suggestion:
    """From how often addresses change hands; for holders of whom registries tell nothing. Needs a week or more to mean anything."""
    is_pool = daily and sources >= POOL_SOURCES and sources / daily >= POOL_TURNOVER
    return Suggestion(HolderKind.ISP_DYNAMIC, POOL, f"{sources} ÷ {daily:.1f}") if is_pool else Suggestion(HolderKind.UNKNOWN)


def reason_text(holder: Holder) -> str:
    """Why the holder has its kind, in the reader's language; what a person wrote stays as it is."""
    return holder.kind_reason if holder.is_kind_chosen else reason_of(holder.kind_reason)


def reason_of(stored: str) -> str:
    """The words for a suggestion's reason; '' where it came of no rule there is."""
    key, _bar, word = stored.partition("|")
    return gettext(REASONS[key]) % {"word": word} if key in REASONS else ""


def _weighed(known: Known) -> tuple[Counter[str], dict[str, str]]:
    """Weight by rule, and the first word found for it."""
    weights: Counter[str] = Counter()
    words: dict[str, str] = {}
    for rule, texts, weight in _searched(known):
        if word := _found(rule.pattern, texts):
            weights[rule.key] += weight
            words.setdefault(rule.key, word)
    return weights, words


def _searched(known: Known) -> Iterator[tuple[Rule, tuple[str, ...], int]]:
    """Each rule with the texts it looks at, and what a word in them weighs."""
    whole = sum(weight for weight, _texts in known.networks) or 1
    for rule in RULES:
        if rule.where == DOMAIN:
            yield rule, _agreeing(rule, known.domains), whole
        else:
            yield rule, known.own, whole
            yield from ((rule, texts, weight) for weight, texts in known.networks)


def _agreeing(rule: Rule, domains: Iterable[str]) -> tuple[str, ...]:
    """The domains, where most are of the rule's kind: a provider's networks name some customers' mailboxes, too."""
    of_all = sorted(domains)
    return tuple(of_all) if 2 * sum(bool(rule.pattern.search(domain)) for domain in of_all) > len(of_all) else ()


def _found(pattern: re.Pattern[str], texts: Iterable[str]) -> str:
    return next((match[0].lstrip(".") for text in texts if (match := pattern.search(_plain(text)))), "")


def _plain(text: str) -> str:
    """Of one width and in lower case, Latin letters without accents."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(unicodedata.normalize("NFKD", one)[0] if one < "\u0250" else one for one in folded)


# What is known of a holder


def known_of(holder: Holder, networks: "QuerySet[Network]") -> Known:
    """Two queries: names, remarks, and domains of contacts."""
    rows = networks.order_by("pk").values_list("start", "end", "name", "holder", "raw__remarks", "raw_whois")[:READ]
    emails = networks.filter(contacts__is_registry_mailbox=False).values_list("contacts__email", flat=True).distinct()[:READ]
    return Known(
        own=(holder.name,),
        networks=tuple(
            (_weight(start, end), (*names, *_remarks(remarks), *_described(whois))) for start, end, *names, remarks, whois in rows
        ),
        domains=frozenset(email.rpartition("@")[2].lower() for email in emails),
    )


def _weight(start: str, end: str) -> int:
    first, last = ip_address(start), ip_address(end)
    return int(last) - int(first) + 1 if first.version == 4 else 1


def _remarks(found: object) -> Iterator[str]:
    """The first line of each remark of an RDAP answer, whatever stands in their place; postal addresses follow it."""
    for remark in found if isinstance(found, list) else ():
        lines = remark.get("description") if isinstance(remark, dict) else None
        yield from (line for line in lines[:1] if isinstance(line, str)) if isinstance(lines, list) else ()


_DESCRIBING = re.compile(
    r"^\s*(?:[a-z]\.\s*)?\[?(?:netname|descr|org-?name|organization name|network name|service name|organization|ネットワーク名|組織名"
    r"|서비스명|기관명)\]?\s*:?\s+(.+)$",
    re.MULTILINE | re.IGNORECASE,
)


def _described(whois: str) -> list[str]:
    """The lines of a WHOIS answer that describe a network; the rest speaks of registries and servers."""
    return [match[1].strip() for match in _DESCRIBING.finditer(whois)]
