"""A coordinator's way from a source to a mail that has arrived, in a browser and through a real worker."""

from django.urls import reverse

from apps.coordination.models import MailStatus, OutgoingMail
from tests.coordination import scenes
from tests.processes import wait_until


def test_from_a_source_to_a_mail_that_arrived(empty_flows, celery_worker, smtp_server, cast, registry, page, sign_in, live_server):
    scenes.busy_source([cast.sensor, cast.sensor_a])
    registry.default = scenes.FakeInfo(contacts=(), state="running", fetched_at=None, is_exact_lookup=False)
    sign_in(cast.coordinator)
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
    page.goto(live_server.url + reverse("coordination:open-ticket") + f"?source={scenes.SOURCE}&port=tcp/23")
    page.get_by_role("button", name="Open the ticket").click()

    page.get_by_text("The contact is being looked up").wait_for()
    registry.default = scenes.FakeInfo()
    page.get_by_role("button", name="Choose", exact=True).click()  # appears by itself when the look-up has ended

    page.get_by_role("button", name="Write the draft").click()
    text = page.get_by_label("Text")
    text.fill(text.input_value().replace("Our clocks", "All our clocks"))
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("Exactly this message will be sent.").wait_for()
    page.get_by_role("button", name="send it").click()
    page.get_by_role("heading", name="Timeline").wait_for()

    wait_until(lambda: OutgoingMail.objects.get().status == MailStatus.SENT)
    [received] = smtp_server.messages
    assert received.recipients == [scenes.CONTACT]
    assert "All our clocks" in received.message.get_body(("plain",)).get_content()
    page.reload()
    page.get_by_text("198.51.100.7: not yet notified → notified").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
