"""Every route of the project, and what each of the cast gets there. A route that is not in the table fails its test."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

STAFF = ("analyst", "coordinator", "approver", "auditor", "admin")
PARTNERS = ("partner_a", "partner_b")
OUTSIDERS = ("sensor", "anonymous")  # a sensor's key opens nothing but ingest
EVERYBODY = (*STAFF, *PARTNERS, *OUTSIDERS)

Answers = dict[str, int]


def answers(default: int, **others: int) -> Answers:
    """What everybody gets, and who gets something else; `staff`, `partners` and `outsiders` name groups."""
    groups = {"staff": STAFF, "partners": PARTNERS, "outsiders": OUTSIDERS}
    table = dict.fromkeys(EVERYBODY, default)
    for name, status in others.items():
        table |= dict.fromkeys(groups.get(name, (name,)), status)
    return table


# Let in: what a page answers then depends on what it is sent. Not the login page, not 403 or 404, and no failure.
IN = 0
OPEN = answers(200)
PEOPLE = answers(200, outsiders=302)
NOBODY_BY_GET = answers(405)
TICKET_READERS = answers(200, admin=404, partners=404, outsiders=302)
TICKET_WRITERS = answers(404, coordinator=IN, approver=IN, analyst=403, auditor=403, outsiders=302)
HOLDER_EDITORS = answers(404, analyst=200, coordinator=200, approver=200, outsiders=302)
HOLDER_EDITORS_POST = answers(404, analyst=302, coordinator=302, approver=302, outsiders=302)
ADMIN = answers(302, admin=200)
ADMIN_REFUSED = answers(302, admin=403)
TOKEN_OR_SESSION = answers(200, outsiders=401)

# name → (method, answers). Ticket routes stand for a ticket with a mail in the outbox.
TABLE: dict[str, tuple[str, Answers]] = {
    "healthz": ("get", answers(IN)),  # 503 where no worker runs
    "accounts:login": ("get", OPEN),
    "accounts:logout": ("post", answers(302)),
    "accounts:language": ("post", answers(302)),
    "accounts:password": ("get", PEOPLE),
    "portal:home": ("get", PEOPLE),
    "portal:search": ("get", PEOPLE),
    "portal:freshness": ("get", PEOPLE),
    "portal:computing": ("get", answers(404, outsiders=302)),  # nobody has asked for one
    "portal:explorer": ("get", PEOPLE),
    "portal:ports": ("get", PEOPLE),
    "portal:annotations": ("get", answers(200, partners=404, outsiders=302)),
    "portal:annotation": ("get", answers(200, partners=404, outsiders=302)),
    "portal:remove-annotation": ("post", answers(404, analyst=302, outsiders=302)),
    "portal:port": ("get", PEOPLE),
    "portal:port-hours": ("get", PEOPLE),
    "portal:regions": ("get", PEOPLE),
    "portal:region": ("get", PEOPLE),
    "portal:port-mix": ("get", PEOPLE),
    "portal:map": ("get", PEOPLE),
    "portal:label-moves": ("get", PEOPLE),
    "portal:label-moves-card": ("get", PEOPLE),
    "portal:csv-label-moves": ("get", answers(IN, outsiders=302)),  # 400 without a region
    "portal:sensors": ("get", PEOPLE),
    "portal:sensor": ("get", answers(200, partners=404, outsiders=302)),  # of the own CSIRT
    "portal:coverage": ("get", PEOPLE),
    "portal:exclusions": ("get", PEOPLE),
    "portal:exclusion": ("get", answers(200, partners=404, outsiders=302)),
    "portal:lift-exclusion": ("post", answers(404, analyst=302, admin=302, outsiders=302)),
    "portal:scanners": ("get", PEOPLE),
    "portal:notes": ("get", PEOPLE),
    "portal:add-note": ("get", answers(404, analyst=200, outsiders=302)),
    "portal:edit-note": ("get", answers(404, analyst=200, outsiders=302)),
    "portal:remove-note": ("post", answers(404, analyst=302, outsiders=302)),
    "portal:remove-scanners": ("post", answers(404, admin=302, outsiders=302)),
    "portal:sources": ("get", PEOPLE),
    "portal:source": ("get", PEOPLE),
    "portal:looking-up": ("get", answers(200, partners=404, outsiders=302)),
    "portal:as": ("get", PEOPLE),
    "portal:add-source-note": ("post", answers(404, analyst=302, coordinator=302, approver=302, outsiders=302)),
    "portal:co-ports": ("get", PEOPLE),
    "portal:only-these-sensors": ("get", answers(IN, outsiders=302)),  # 400 where no other sensor is left
    "portal:cohorts": ("get", PEOPLE),
    "portal:cohort-holders": ("get", answers(IN, partners=404, outsiders=302)),  # 400 without a condition, as the next two
    "portal:csv-cohort": ("get", answers(IN, outsiders=302)),
    "portal:csv-cohort-days": ("get", answers(IN, outsiders=302)),
    "portal:holders": ("get", answers(200, partners=404, outsiders=302)),
    "portal:csv-holders": ("get", answers(200, partners=404, outsiders=302)),
    "portal:holder": ("get", answers(200, partners=404, outsiders=302)),
    "portal:holder-sources": ("get", answers(200, partners=404, outsiders=302)),
    "portal:csv-holder-trend": ("get", answers(200, partners=404, outsiders=302)),
    "portal:merges": ("get", answers(200, partners=404, outsiders=302)),
    "portal:holder-merges": ("get", answers(200, partners=404, outsiders=302)),
    "portal:holder-networks": ("get", answers(200, partners=404, outsiders=302)),
    "portal:network": ("get", answers(200, partners=404, outsiders=302)),
    **{
        f"portal:{name}": ("get", HOLDER_EDITORS)
        for name in (
            "describe-holder", "choose-kind", "merge-holders", "add-holder-contact", "correct-network", "add-network-contact",
        )
    },
    **{f"portal:{name}": ("post", HOLDER_EDITORS_POST) for name in ("undo-merge", "withdraw-correction", "withdraw-contact")},
    "portal:same-port": ("get", answers(IN, partners=404, outsiders=302)),  # 400 without exactly one port, as the next
    "portal:csv-same-port": ("get", answers(IN, partners=404, outsiders=302)),
    "portal:common-features": ("get", answers(200, partners=404, outsiders=302)),
    "portal:csv-common-features": ("get", answers(200, partners=404, outsiders=302)),
    "portal:feature-sets": ("get", answers(200, partners=404, outsiders=302)),
    "portal:feature-set": ("get", answers(200, partners=404, outsiders=302)),
    "portal:add-feature-set": ("get", answers(404, analyst=200, outsiders=302)),
    "portal:edit-feature-set": ("get", answers(404, analyst=200, outsiders=302)),
    "portal:remove-feature-set": ("post", answers(404, analyst=302, outsiders=302)),
    "portal:csv-sources": ("get", PEOPLE),
    "portal:csv-panels": ("get", answers(200, partners=404, outsiders=302)),
    "portal:csv-timeline": ("get", PEOPLE),
    "portal:changes": ("get", PEOPLE),
    "portal:decide-change": ("post", answers(404, analyst=IN, coordinator=IN, approver=IN, outsiders=302)),
    "enrichment:holder": ("get", answers(200, partners=404, outsiders=302)),
    "enrichment:lookup": ("post", answers(404, analyst=302, coordinator=302, approver=302, outsiders=302)),
    "enrichment:providers": ("get", answers(200, partners=404, outsiders=302)),
    "enrichment:pause-provider": ("post", answers(404, coordinator=IN, admin=IN, outsiders=302)),
    "enrichment:resume-provider": ("post", answers(404, coordinator=302, admin=302, outsiders=302)),
    "enrichment:host": ("get", answers(200, partners=404, outsiders=302)),
    "enrichment:host-lookup": ("post", answers(404, analyst=302, coordinator=302, approver=302, outsiders=302)),
    "coordination:ticket-list": ("get", TICKET_READERS),
    "coordination:open-ticket": ("get", answers(200, admin=404, partners=404, analyst=403, auditor=403, outsiders=302)),
    "coordination:ticket-detail": ("get", TICKET_READERS),
    "coordination:ticket-contact": ("get", TICKET_READERS),
    "coordination:preview": ("get", TICKET_READERS | answers(302, admin=404, partners=404)),
    "coordination:mail-detail": ("get", TICKET_READERS),
    "coordination:mail-file": ("get", TICKET_READERS),
    "coordination:evidence-file": ("get", TICKET_READERS),
    **{
        f"coordination:{name}": ("post", TICKET_WRITERS)
        for name in (
            "look-up", "choose-contact", "enter-contact", "add-note", "change-state", "plan", "close-incident",
            "change-host-state", "write-draft", "edit-draft", "send", "settle", "approve", "take-back",
        )
    },
    "api:rankings": ("get", TOKEN_OR_SESSION),
    "api:series": ("get", TOKEN_OR_SESSION),
    "api:providers": ("get", answers(200, partners=404, outsiders=401)),
    "api:annotations": ("get", answers(200, partners=404, outsiders=401)),
    "api:annotation": ("get", answers(200, partners=404, outsiders=401)),
    "api:ratios": ("get", answers(IN, outsiders=401)),  # 400 where the period is too short for two windows
    "api:profile": ("get", TOKEN_OR_SESSION),
    "api:matrix": ("get", TOKEN_OR_SESSION),
    "api:port-groups": ("get", TOKEN_OR_SESSION),
    "api:sources": ("get", TOKEN_OR_SESSION),
    "api:holders": ("get", answers(200, partners=404, outsiders=401)),
    "api:co-ports": ("get", TOKEN_OR_SESSION),
    "api:only-these-sensors": ("get", answers(IN, outsiders=401)),  # 400 where no other sensor is left
    "api:cohorts-evaluate": ("post", answers(IN, outsiders=401)),
    "api:label-moves": ("get", answers(IN, outsiders=401)),  # 400 without a region
    "api:changes": ("get", TOKEN_OR_SESSION),
    "api:computation": ("get", answers(404, outsiders=401)),  # of somebody else
    "api:coverage": ("get", TOKEN_OR_SESSION),
    "api:exclusions": ("get", TOKEN_OR_SESSION),
    "api:exclusion": ("delete", answers(404, analyst=204, admin=204, outsiders=401)),
    "api:exclusion-series": ("get", answers(200, partners=404, outsiders=401)),
    "api:scanner-lists": ("get", TOKEN_OR_SESSION),
    "api:port-notes": ("get", TOKEN_OR_SESSION),
    "api:port-note": ("delete", answers(404, analyst=204, outsiders=401)),
    "api:scanner-list": ("delete", answers(404, admin=204, outsiders=401)),
    "api:same-port": ("get", answers(IN, partners=404, outsiders=401)),  # 400 without exactly one port
    "api:common-features": ("get", answers(200, partners=404, outsiders=401)),
    "api:feature-sets": ("get", answers(200, partners=404, outsiders=401)),
    "api:feature-set": ("delete", answers(404, analyst=204, outsiders=401)),
    "api:feature-set-hosts": ("get", answers(200, partners=404, outsiders=401)),
    "api:change-decision": ("post", answers(404, analyst=IN, coordinator=IN, approver=IN, outsiders=401)),
    "api:host": ("get", answers(200, partners=404, outsiders=401)),
    "api:schema": ("get", OPEN),  # how to talk to the portal; nothing of its data
    "api:docs": ("get", OPEN),
    "api:ingest-batch": ("put", answers(401, sensor=IN)),
    "api:ingest-heartbeat": ("post", answers(401, sensor=IN)),
    "admin:index": ("get", ADMIN),
    "admin:login": ("get", answers(404, outsiders=302)),
    "admin:logout": ("post", answers(302)),
    "admin:password_change": ("get", answers(302)),
    "admin:password_change_done": ("get", ADMIN),
    "admin:autocomplete": ("get", ADMIN_REFUSED),
    "admin:jsi18n": ("get", ADMIN),
    "admin:view_on_site": ("get", answers(302, admin=404)),
    "admin:app_list": ("get", ADMIN),
    "admin:auth_user_password_change": ("get", ADMIN),
}  # fmt: skip


def walk(patterns: list[URLPattern | URLResolver] | None = None, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """(name with namespace, pattern) of every route."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace)
        else:
            yield namespace + (pattern.name or str(pattern.pattern)), pattern


# Django's administration: model → what the role admin gets for list, form of a new row, row, history of a row, deletion.
ADMIN_MODELS = {
    "accounts_user": (200, 200, 200, 200, 403),
    "accounts_organisation": (200, 200, 200, 200, 200),
    "accounts_auditentry": (200, 403, 200, 200, 403),
    "knox_authtoken": (200, 403, 200, 200, 200),
    "reference_portalias": (200, 200, 200, 200, 200),
    "reference_portgroup": (200, 200, 200, 200, 200),
    "reference_snapshot": (200, 403, 200, 200, 403),
    "reference_routingsnapshot": (200, 403, 200, 200, 403),
    "reference_scannerlist": (200, 403, 200, 200, 403),
    "sensors_sensor": (200, 403, 200, 200, 403),
    "sensors_sensorkey": (200, 403, 200, 200, 403),
    "enrichment_lookup": (200, 403, 200, 200, 403),
    "enrichment_network": (200, 403, 200, 200, 403),
}
ADMIN_PAGES = ("changelist", "add", "change", "history", "delete")
TABLE |= {
    f"admin:{model}_{page}": ("get", answers(302, admin=status))
    for model, statuses in ADMIN_MODELS.items()
    for page, status in zip(ADMIN_PAGES, statuses, strict=True)
}
# Django's own redirections of /…/<id>/ to the row's page, and of paths of the administration that do not exist.
UNNAMED = {"admin:<path:object_id>/", "admin:(?P<url>.*)$"}
