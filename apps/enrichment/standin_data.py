"""What the RDAP stand-in answers: replayed recorded shapes, and invented holders for every other delegated address."""

import json
from collections.abc import Mapping
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.common.periods import local_day
from apps.enrichment.registries.parsing import SAMPLE_REMARK
from apps.enrichment.sampleholders import sample_holder
from apps.reference.delegations import Delegation, delegation_of

ANSWERS = Path(__file__).parent / "standin_answers"
REMARK = {"title": SAMPLE_REMARK, "description": ["Range and registry are real; holder and contacts are invented."]}


def answer_about(address: str) -> Mapping[str, Any] | None:
    """The network object for an address, None where no delegation covers it; ValueError where it is no address."""
    wanted = str(ip_address(address))
    if wanted in recorded_answers():
        recorded = recorded_answers()[wanted]
        return {**recorded, "remarks": [*recorded.get("remarks", []), REMARK]}
    delegation = delegation_of(wanted, local_day(timezone.now(), settings.REPORT_TIME_ZONE))
    return invented_answer(delegation) if delegation else None


@cache
def recorded_answers() -> dict[str, dict[str, Any]]:
    """Answer by the address that was asked for."""
    files = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(ANSWERS.glob("*.json"))]
    return {file["address"]: file["answer"] for file in files}


def invented_answer(delegation: Delegation) -> dict[str, Any]:
    """The same for every address of the delegation, whenever it is asked."""
    sample = sample_holder(delegation)
    code, holder = sample.code, sample.name
    registrant = _entity(f"SAMPLE-{code}", "org", holder, ["registrant"])
    registrant["entities"] = [_entity(f"ABUSE-{code}", "group", f"{holder} abuse desk", ["abuse"], f"abuse@net-{code.lower()}.invalid")]
    technical = _entity(f"NOC-{code}", "group", f"{holder} operations", ["technical"], f"noc@net-{code.lower()}.invalid")
    return {
        "rdapConformance": ["rdap_level_0"],
        "objectClassName": "ip network",
        "handle": f"{delegation.start} - {delegation.end}",
        "startAddress": str(delegation.start),
        "endAddress": str(delegation.end),
        "ipVersion": f"v{delegation.start.version}",
        "name": f"SAMPLE-NET-{code}",
        "country": delegation.region,
        "type": delegation.status.upper(),
        "entities": [registrant, technical],
        "remarks": [REMARK],
        "notices": [{"title": SAMPLE_REMARK, "description": REMARK["description"]}],
    }


def _entity(handle: str, kind: str, name: str, roles: list[str], email: str = "") -> dict[str, Any]:
    card: list[list[Any]] = [["version", {}, "text", "4.0"], ["fn", {}, "text", name], ["kind", {}, "text", kind]]
    if email:
        card.append(["email", {}, "text", email])
    return {"objectClassName": "entity", "handle": handle, "roles": roles, "vcardArray": ["vcard", card]}
