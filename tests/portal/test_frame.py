"""The frame around every page."""

from django.urls import reverse


def test_the_login_page_has_no_navigation(client, db):
    page = client.get(reverse("accounts:login")).content.decode()
    assert 'name="password"' in page
    assert reverse("portal:sensors") not in page


def test_links_of_the_navigation_keep_the_view(client, cast):
    client.force_login(cast.analyst)
    page = client.get(reverse("portal:home"), {"from": "2013-03-03", "to": "2013-04-01", "unit": "sources"}).content.decode()
    assert f"{reverse('portal:ports')}?from=2013-03-03&amp;to=2013-04-01&amp;unit=sources" in page


def test_nobody_is_led_to_tickets_that_they_may_not_read(client, cast):
    for name, user in cast.people.items():
        client.force_login(user)
        is_linked = reverse("coordination:ticket-list") in client.get(reverse("portal:home")).content.decode()
        assert is_linked == (client.get(reverse("coordination:ticket-list")).status_code == 200), name


def test_only_administrators_find_the_way_to_the_administration(client, cast):
    client.force_login(cast.analyst)
    assert reverse("admin:index") not in client.get(reverse("portal:home")).content.decode()
    client.force_login(cast.admin)
    assert reverse("admin:index") in client.get(reverse("portal:home")).content.decode()
