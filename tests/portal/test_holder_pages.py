"""Pages on which people decide about holders and networks: who may, what is refused, what the pages then show."""

import pytest
from django.test import Client

from apps.accounts.models import AuditEntry
from apps.enrichment import holder_services as services
from apps.enrichment.models import Correction, Holder, HolderMerge, ManualContact
from apps.portal.search import destination
from apps.portal.yardstick import holders as scenario
from tests.cast import statuses
from tests.enrichment.holders.scenes import looked_up, told
from tests.portal.test_pages import BUDGET, queries_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def network(cast):
    return told(name="FTTH-1", asn=64496)


@pytest.fixture
def holder(network):
    return network.administered_by


def client_of(user):
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


FORMS = {
    "/holders/{holder}/kind/": {"kind": "hosting", "reason": "their site"},
    "/holders/{holder}/description/": {"name": "Our name", "note": "a note"},
    "/holders/{holder}/contact/": {"email": "desk@sample.invalid", "role": "1", "reason": "a call"},
    "/networks/{network}/contact/": {"email": "noc@sample.invalid", "role": "2", "reason": "a call"},
    "/networks/{network}/correction/": {"field": "holder", "value": "Better Co.", "reason": "their site"},
}
MAY = {"analyst", "coordinator", "approver"}


@pytest.mark.parametrize("path", FORMS)
def test_analysts_coordinators_and_approvers_decide(cast, network, path):
    url = path.format(holder=network.administered_by_id, network=network.pk)
    expected = {name: 200 if name in MAY else 404 for name in cast.people} | {"anonymous": 302}
    assert statuses(cast, "get", url) == expected
    sent = {name: 302 if name in MAY else 404 for name in cast.people} | {"anonymous": 302}
    assert statuses(cast, "post", url, data=FORMS[path]) == sent
    assert set(AuditEntry.objects.values_list("actor_name", flat=True)) == MAY


@pytest.mark.parametrize(
    ("path", "change", "problem"),
    [
        ("/holders/{holder}/kind/", {"kind": "spaceship"}, "Select a valid choice"),
        ("/holders/{holder}/kind/", {"reason": ""}, "This field is required."),
        ("/holders/{holder}/contact/", {"email": "nobody"}, "is not a mail address"),
        ("/holders/{holder}/contact/", {"email": "helpdesk@apnic.net"}, "registry&#x27;s own mailbox"),
        ("/networks/{network}/contact/", {"role": "5"}, "Select a valid choice"),
        ("/networks/{network}/correction/", {"field": "asn", "value": "many"}, "is not an AS number"),
        ("/networks/{network}/correction/", {"field": "country", "value": "Nihon"}, "two letters"),
        ("/networks/{network}/correction/", {"reason": " "}, "This field is required."),
    ],
)
def test_what_is_refused_is_told_beside_the_field_and_what_was_written_stays(cast, network, path, change, problem):
    url = path.format(holder=network.administered_by_id, network=network.pk)
    response = client_of(cast.analyst).post(url, FORMS[path] | change)
    assert response.status_code == 400
    page = response.content.decode()
    assert problem in page
    assert all(value in page for value in (FORMS[path] | change).values() if value.strip())
    assert not AuditEntry.objects.exists()


def test_a_chosen_kind_shows_with_its_reason_and_can_be_left_to_suggestions_again(cast, holder, visit):
    assert "suggested: “ftth” in a name" in text_of(visit(cast.analyst, f"/holders/{holder.pk}/"))
    client_of(cast.analyst).post(f"/holders/{holder.pk}/kind/", FORMS["/holders/{holder}/kind/"])
    page = text_of(visit(cast.auditor, f"/holders/{holder.pk}/"))
    assert "hosting provider" in page and "chosen by hand: their site" in page and f"Holder {holder.pk}" in page
    client_of(cast.analyst).post(f"/holders/{holder.pk}/kind/", {"kind": "", "reason": ""})
    assert Holder.objects.get(pk=holder.pk).kind == "isp_dynamic"


def test_merging_by_page_leads_from_the_one_to_the_other_and_back(cast, holder, visit):
    other = told("198.51.100.0/24", "ripencc", handle="ORG-9", holder="SAMPLE CO LTD").administered_by
    card = text_of(visit(cast.analyst, f"/holders/{holder.pk}/merges/"))
    assert "the same name but for case" in card and f"/holders/{holder.pk}/merge/?others={other.pk}" in card
    client = client_of(cast.analyst)
    response = client.post(f"/holders/{holder.pk}/merge/", {"others": str(other.pk), "reason": "one company"})
    assert response["Location"] == f"/holders/{holder.pk}/"
    assert visit(cast.analyst, f"/holders/{other.pk}/")["Location"] == f"/holders/{holder.pk}/"
    card = text_of(visit(cast.analyst, f"/holders/{holder.pk}/merges/"))
    assert "one company" in card and "May be the same" not in card
    assert "198.51.100.0/24" in text_of(visit(cast.analyst, f"/holders/{holder.pk}/networks/"))
    client.post(f"/holders/merges/{HolderMerge.objects.get().pk}/undo/")
    assert visit(cast.analyst, f"/holders/{other.pk}/").status_code == 200
    assert "undone: analyst" in text_of(visit(cast.analyst, f"/holders/{holder.pk}/merges/"))


@pytest.mark.parametrize("others", ["", "x", "999999", "7" * 12, "{own}", "1;2"])
def test_merges_with_nobody_are_refused(cast, holder, others):
    response = client_of(cast.analyst).post(f"/holders/{holder.pk}/merge/", {"others": others.format(own=holder.pk), "reason": "r"})
    assert response.status_code == 400
    assert not HolderMerge.objects.exists()


def test_suggested_groups_are_merged_together(cast, holder, visit):
    for n in range(2):
        told(f"198.51.100.{128 * n}/25", "ripencc", handle=f"ORG-{n + 8}", holder="SAMPLE CO LTD")
    page = text_of(visit(cast.auditor, "/holders/merges/"))
    assert "Sample Co., Ltd." in page and 'name="groups"' not in page
    numbers = ",".join(map(str, Holder.objects.order_by("pk").values_list("pk", flat=True)))
    assert f'value="{numbers}"' in visit(cast.analyst, "/holders/merges/").content.decode()
    client = client_of(cast.analyst)
    assert client_of(cast.auditor).post("/holders/merges/", {"groups": [numbers], "reason": "r"}).status_code == 404
    for wrong in (
        {"groups": [numbers], "reason": ""},
        {"reason": "r"},
        {"groups": ["1,x"], "reason": "r"},
        {"groups": ["0"], "reason": "r"},
    ):
        assert client.post("/holders/merges/", wrong).status_code == 400
    assert client.post("/holders/merges/", {"groups": [numbers], "reason": "one company"}).status_code == 302
    assert Holder.objects.exclude(merged_into=None).count() == 2
    assert "No two holders share" in text_of(visit(cast.analyst, "/holders/merges/"))


def test_a_network_shows_what_holds_beside_what_the_registry_says(cast, network, visit):
    client = client_of(cast.coordinator)
    client.post(f"/networks/{network.pk}/correction/", {"field": "asn", "value": "AS64500", "reason": "their site"})
    client.post(f"/networks/{network.pk}/contact/", FORMS["/networks/{network}/contact/"])
    page = text_of(visit(cast.auditor, f"/networks/{network.pk}/"))
    assert "AS64500" in page and "AS64496" in page and "their site" in page and "coordinator" in page
    assert page.index("noc@sample.invalid") < page.index("abuse@sample.invalid")
    assert "withdraw/" not in page
    card = text_of(visit(cast.auditor, f"/holders/{network.administered_by_id}/networks/"))
    assert "AS64500" in card and "the registry says: AS number: AS64496" in card
    client.post(f"/networks/corrections/{Correction.objects.get().pk}/withdraw/")
    client.post(f"/networks/contacts/{ManualContact.objects.get().pk}/withdraw/")
    page = text_of(visit(cast.auditor, f"/networks/{network.pk}/"))
    assert "64500" in page and page.count("withdrawn: coordinator") == 2  # what was said stays on record
    again = client.post(f"/networks/corrections/{Correction.objects.get().pk}/withdraw/", follow=True)
    assert "has been withdrawn already" in again.content.decode()


@pytest.mark.parametrize("path", ["/networks/{network}/", "/holders/merges/", "/holders/{holder}/merges/", "/holders/{holder}/networks/"])
def test_pages_keep_to_the_budget_whatever_was_decided(cast, network, path):
    url = path.format(holder=network.administered_by_id, network=network.pk)
    for n in range(5):
        other = told(f"198.51.100.{32 * n}/27", handle=f"ORG-{n + 20}", holder="Sample")
        services.correct(network=other, field="name", value="N", reason="r", by=cast.analyst)
        services.add_contact(network=other, email="a@b.invalid", role="1", reason="r", by=cast.analyst)
    kept, absorbed = (Holder.objects.get(networks=one) for one in (network, other))
    services.merge(kept=kept, absorbed=[absorbed], reason="r", by=cast.analyst)
    assert queries_of(client_of(cast.coordinator), url) <= BUDGET


def test_the_search_box_finds_holders_for_own_staff_alone(cast, holder):
    page = f"/holders/{holder.pk}/"
    for text in ("Sample Co., Ltd.", "sample co", f"Holder {holder.pk}", f"管理者 {holder.pk}"):
        assert destination(text, cast.analyst) == page
        assert destination(text, cast.partner_a) is None
    told("198.51.100.0/24", handle="ORG-2", holder="Sample Commerce")
    assert destination("sample co", cast.analyst) is None  # two have it
    assert destination("Sample Commerce", cast.analyst) is not None


def test_the_scenarios_holders_have_kinds_and_leave_no_trace(cast, network):
    scenario.add()
    kinds = dict(Holder.objects.filter(registry="scenario").values_list("name", "kind"))
    assert len(kinds) == len(scenario.HOLDERS)
    assert (kinds["ISP A"], kinds["ISP C"], kinds["ISP E"], kinds["Hosting A"]) == ("isp_dynamic", "isp_fixed", "shared", "hosting")
    one = Holder.objects.get(name="ISP A")
    services.merge(kept=one, absorbed=[network.administered_by], reason="r", by=cast.analyst)
    services.correct(network=network, field="holder", value="ISP B", reason="r", by=cast.analyst)
    services.correct(network=one.networks.get(), field="asn", value="64500", reason="r", by=cast.analyst)
    services.add_contact(holder=one, email="a@b.invalid", role="1", reason="r", by=cast.analyst)
    scenario.remove()
    assert list(Holder.objects.values_list("name", "merged_into")) == [("Sample Co., Ltd.", None)]
    network.refresh_from_db()
    assert network.administered_by.name == "Sample Co., Ltd."
    assert not any(model.objects.exists() for model in (HolderMerge, Correction, ManualContact))


def test_a_refresh_by_page_keeps_every_decision(cast, network, visit):
    looked_up("192.0.2.7", network)
    client = client_of(cast.analyst)
    for path, values in FORMS.items():
        client.post(path.format(holder=network.administered_by_id, network=network.pk), values)
    told(name="CLOUD", holder="Quite another", country="KR")
    page = text_of(visit(cast.analyst, "/sources/192.0.2.7/"))
    assert "Better Co." in page and "noc@sample.invalid" in page
    first = Holder.objects.get(pk=network.administered_by_id)
    assert (first.name, first.kind) == ("Our name", "hosting")
