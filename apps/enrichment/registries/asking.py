"""Everything that registries say of one address, asked in the order in which it is worth most: RDAP; the national registry
behind APNIC, which knows whom a range was passed on to; WHOIS where neither names a holder and a contact, or RDAP fails."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext_noop as _

from apps.enrichment import providers
from apps.enrichment.failures import LookupFailedError, UnreadableAnswerError
from apps.enrichment.limits import off_reason
from apps.enrichment.models import Priority, State
from apps.enrichment.providers import NotYetError
from apps.enrichment.registries import nir, nir_parsing, rdap, whois, wire
from apps.enrichment.registries.parsed import Contact, ParsedNetwork, more_specific, ranked
from apps.enrichment.registries.parsing import parse_network, storable
from apps.enrichment.registries.whois import Server
from apps.enrichment.registries.whois_parsing import parse_whois

log = logging.getLogger(__name__)

ENOUGH_S = 40  # after so long nobody else is asked; a task has 80 s
WORTH_WAITING_S = 120  # for somebody who knows more than a registry that names itself
MOST_HANDLES = 2  # of a network at JPNIC, each a query
IN_CIRCLE = _("The WHOIS referrals go round in a circle: %(detail)s")
OTHER_RANGE = _("The answer is about another range than the one asked for.")
TOO_FAR = _("More WHOIS referrals than are followed: %(detail)s")


@dataclass(frozen=True)
class Answer:
    """What came back, parsed, beside what it was parsed from. `source` is how it was said, rdap or whois; `registry` who said
    it, where that is another than was asked first; `is_partial` where somebody who knows more could not be asked now."""

    network: ParsedNetwork
    source: str
    raw: Any
    raw_whois: str = ""
    registry: str = ""
    is_partial: bool = False


@dataclass(frozen=True)
class Question:
    address: str
    registry: str
    priority: Priority
    asked_at: float = field(default_factory=time.monotonic)

    def turn(self, provider: str) -> AbstractContextManager[None]:
        return providers.asking(provider, address=self.address, priority=self.priority)

    @property
    def has_time(self) -> bool:
        return time.monotonic() < self.asked_at + ENOUGH_S

    @property
    def stash(self) -> str:
        return f"rdap-answer:{self.registry}:{self.address}"


def ask(address: str, registry: str, priority: Priority) -> Answer:
    """The registries' answer about an address. NotYetError where a turn has not come; LookupFailedError otherwise."""
    question = Question(address, registry, priority)
    try:
        answer = _by_rdap(question)
    except LookupFailedError as failure:
        if failure.state is State.RATE_LIMITED or off_reason(f"whois:{registry}"):
            raise
        return _with_national(question, _instead_of_rdap(question, failure))
    answer = _with_national(question, answer)
    if answer.network.is_wanting and not off_reason(f"whois:{registry}"):
        answer = _better(question, answer, _by_whois)
    return answer


def _by_rdap(question: Question) -> Answer:
    raw = cache.get(question.stash)
    if raw:
        return Answer(parse_network(raw), "rdap", raw)
    with question.turn(f"rdap:{question.registry}"):  # an answer that cannot be read counts as the registry's failure
        raw = rdap.fetch(question.address, question.registry)
        try:
            network = parse_network(raw)
        except UnreadableAnswerError as error:
            raise LookupFailedError(State.ERROR, error.message) from error
        if not network.holds(ip_address(question.address)):
            raise LookupFailedError(State.ERROR, OTHER_RANGE)
        if network.is_everything:
            raise LookupFailedError(State.NOT_FOUND, wire.NOT_KNOWN)
        return Answer(network, "rdap", storable(raw))


def _instead_of_rdap(question: Question, failure: LookupFailedError) -> Answer:
    try:
        return _by_whois(question)
    except NotYetError:
        raise failure from None
    except LookupFailedError as error:
        raise (failure if failure.state is State.NOT_FOUND else error) from failure


def _better(question: Question, answer: Answer, ask_other: Callable[[Question], Answer]) -> Answer:
    """The answer with what another server adds. Where that one cannot be asked now, the answer is kept as it is if it is
    of use by itself, and otherwise waits for it, so that the first query is not lost."""
    try:
        other = ask_other(question)
    except NotYetError as wait:
        if answer.network.is_wanting and wait.seconds <= WORTH_WAITING_S:
            cache.set(question.stash, answer.raw, 2 * WORTH_WAITING_S)
            raise
        return replace(answer, is_partial=True)
    except LookupFailedError as failure:
        log.info("Asking more about %s ended %s: %s", question.address, failure.state, failure.message)
        return replace(answer, is_partial=failure.state is not State.NOT_FOUND)
    is_theirs = other.network.size <= answer.network.size and bool(other.network.holder)
    return replace(
        answer,
        network=more_specific(answer.network, other.network),
        source=other.source if is_theirs else answer.source,
        registry=other.registry if is_theirs else answer.registry,
        raw_whois="\n".join(filter(None, (answer.raw_whois, other.raw_whois))),
    )


# WHOIS


def _by_whois(question: Question) -> Answer:
    """From server to server while one names another. What was found before a referral that leads nowhere stays, with the
    reason below it in the text."""
    texts: list[str] = []
    asked: list[Server] = []
    network: ParsedNetwork | None = None
    server: Server | None = whois.server_of(rdap.registry_for(question.registry))
    while server:
        try:
            text, found, referral = _whois(question, server, asked)
        except LookupFailedError as failure:
            if network is None or network.is_wanting:
                raise
            texts.append(f"% {server.host} was not asked: {failure.message % {'detail': failure.detail}}")
            break
        texts.append(f"% {server.host}\n{text}")
        asked.append(server)
        network = more_specific(network, found) if network and found else network or found
        server = referral
    if network is None:
        raise whois.failure_of("")
    return Answer(network, "whois", {}, storable("\n".join(texts)), registry=asked[-1].registry)


def _whois(question: Question, server: Server, asked: list[Server]) -> tuple[str, ParsedNetwork | None, Server | None]:
    """What one server says, the network in it, and whom it names as knowing more; one of the two is there."""
    if server in asked:
        raise LookupFailedError(State.ERROR, IN_CIRCLE, detail=server.host)
    if len(asked) > whois.MAX_REFERRALS or not question.has_time:
        raise LookupFailedError(State.ERROR, TOO_FAR, detail=server.host)
    with question.turn(server.provider):
        text = whois.fetch(question.address, server)
        network = _read(text, question.address)
        referral = whois.referral_of(text, is_placeholder=network is None or network.is_wanting)
        if network is None and referral is None:
            raise whois.failure_of(text)
        return text, network, referral


def _read(text: str, address: str) -> ParsedNetwork | None:
    try:
        network = parse_whois(text, address)
    except UnreadableAnswerError:
        return None
    return None if network.is_everything else network


# National registries


def _with_national(question: Question, answer: Answer) -> Answer:
    national = nir.registry_of(answer.network.country) if question.registry == "apnic" else ""
    if not national or not question.has_time or off_reason(f"nir:{national}"):
        return answer
    return _better(question, answer, lambda asked: _by_nir(asked, national))


def _by_nir(question: Question, national: str) -> Answer:
    with question.turn(f"nir:{national}"):
        page = nir.fetch(question.address, national)
        try:
            said = nir_parsing.parse(national, page, question.address)
        except UnreadableAnswerError as error:
            raise nir.failure_of(page, national, error.message) from error
    contacts, pages = _contacts_behind(question, said, national)
    network = replace(said.network, contacts=ranked([*said.network.contacts, *contacts]))
    return Answer(network, "whois", {}, storable("\n".join([page, *pages])), registry=national)


def _contacts_behind(question: Question, said: nir_parsing.NationalAnswer, national: str) -> tuple[list[Contact], list[str]]:
    """JPNIC names contacts by handle; each is a page of its own. Without them the network is still known."""
    contacts: list[Contact] = []
    pages: dict[str, str] = {}
    for handle, role in said.handles:
        if handle not in pages and (len(pages) == MOST_HANDLES or not question.has_time):
            continue
        try:
            pages[handle] = pages.get(handle) or _contact_page(question, handle, national)
        except (NotYetError, LookupFailedError) as error:
            log.info("The contact %s of %s was not asked for: %s", handle, question.address, error)
            break
        contacts += nir_parsing.jpnic_contacts(pages[handle], handle, role)
    return contacts, list(pages.values())


def _contact_page(question: Question, handle: str, national: str) -> str:
    with question.turn(f"nir:{national}"):
        return nir.fetch(handle, national)
