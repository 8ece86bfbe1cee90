"""The pages. Each guards, asks one query for all it shows, and renders."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_required
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/home.html")


@login_required
def search(request: HttpRequest) -> HttpResponse:
    return home(request)


@login_required
def ports(request: HttpRequest) -> HttpResponse:
    return home(request)


@login_required
def port(request: HttpRequest, protocol: str, number: str) -> HttpResponse:
    return home(request)


@login_required
def regions(request: HttpRequest) -> HttpResponse:
    return home(request)


@login_required
def region(request: HttpRequest, code: str) -> HttpResponse:
    return home(request)


@login_required
def sensors(request: HttpRequest) -> HttpResponse:
    return home(request)


@login_required
def sources(request: HttpRequest) -> HttpResponse:
    return home(request)


@login_required
def source(request: HttpRequest, address: str) -> HttpResponse:
    return home(request)
