import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from apps.accounts.guards import get_visible_or_404, own_staff_required, require_role
from apps.accounts.models import Organisation, Role, User
from apps.accounts.permissions import IsOwnStaff, own_staff_with
from apps.sensors.models import Sensor

STAFF = {"analyst", "coordinator", "approver", "auditor", "admin"}


def who_enters(view, cast):
    entered = set()
    for name, user in {**cast.people, "anonymous": cast.anonymous}.items():
        request = RequestFactory().get("/x/")
        request.user = user
        try:
            response = view(request)
        except Http404:
            assert name != "anonymous"
            continue
        if response.status_code == 200:
            entered.add(name)
        else:
            assert (name, response.status_code) == ("anonymous", 302)
    return entered


def test_own_staff_pages_are_404_to_partners_and_a_login_page_to_strangers(cast):
    assert who_enters(own_staff_required(lambda request: HttpResponse()), cast) == STAFF


def test_role_pages_open_to_the_role_only(cast):
    page = require_role(Role.COORDINATOR, Role.APPROVER)(lambda request: HttpResponse())
    assert who_enters(page, cast) == {"coordinator", "approver"}


def test_a_partner_who_was_given_a_staff_role_stays_a_partner(cast):
    cast.partner_a.roles = [Role.COORDINATOR, Role.ADMIN]
    page = require_role(Role.COORDINATOR, Role.ADMIN)(lambda request: HttpResponse())
    assert who_enters(page, cast) == {"coordinator", "admin"}
    assert not cast.partner_a.may_coordinate


@pytest.mark.parametrize(("permission", "expected"), [(IsOwnStaff, STAFF), (own_staff_with(Role.ANALYST), {"analyst"})])
def test_the_same_holds_for_the_api(cast, permission, expected):
    class Door(APIView):
        permission_classes = [permission]

        def get(self, request):
            return Response()

    answers = {}
    for name, user in {**cast.people, "anonymous": AnonymousUser()}.items():
        request = APIRequestFactory().get("/")
        force_authenticate(request, user if isinstance(user, User) else None)
        answers[name] = Door.as_view()(request).status_code
    assert {name for name, status in answers.items() if status == 200} == expected
    assert answers["anonymous"] == 401
    assert answers["partner_a"] == 404


def test_another_partners_row_reads_like_one_that_does_not_exist(cast):
    assert get_visible_or_404(Sensor.objects.all(), cast.partner_a, pk=cast.sensor_a.pk) == cast.sensor_a
    for pk in (cast.sensor_b.pk, 999_999):
        with pytest.raises(Http404):
            get_visible_or_404(Sensor.objects.all(), cast.partner_a, pk=pk)


def test_partners_see_their_own_organisation_and_colleagues(cast):
    assert list(Organisation.objects.visible_to(cast.partner_a)) == [cast.organisation_a]
    assert list(User.objects.visible_to(cast.partner_a)) == [cast.partner_a]
    assert User.objects.visible_to(cast.auditor).count() == 7
    assert Organisation.objects.visible_to(cast.auditor).count() == 3
    assert not User.objects.visible_to(cast.anonymous).exists()
    assert not Organisation.objects.visible_to(cast.anonymous).exists()


def test_a_user_without_organisation_sees_nothing_but_itself(cast):
    cast.analyst.organisation = None
    cast.analyst.save()
    assert list(User.objects.visible_to(cast.analyst)) == [cast.analyst]
    assert not Sensor.objects.visible_to(cast.analyst).exists()
    assert not Organisation.objects.visible_to(cast.analyst).exists()
