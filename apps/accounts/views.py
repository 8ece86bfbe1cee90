"""Signing in, one's own password, and the language of the pages."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from apps.accounts import audit, services
from apps.accounts.models import User


class LoginView(auth_views.LoginView):
    """Django's, with an audit entry, and the user's own language from the first page on; backends.py has the failures."""

    template_name = "accounts/login.html"

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        user = form.get_user()
        if isinstance(user, User):
            audit.record(by=user, action="user.signed_in", target=user)
            remember_language(response, user.language)
        return response


class PasswordChangeView(auth_views.PasswordChangeView):
    """One's own password, by the one in use. It ends the person's other sessions; forgotten ones are set by the administrator."""

    template_name = "accounts/password.html"
    success_url = reverse_lazy("portal:home")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        response = super().form_valid(form)
        audit.record(by=form.user, action="user.password_changed", target=form.user)
        messages.success(self.request, _("Your password has been changed. Your other sessions have ended."))
        return response


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language, for this browser by cookie and for a signed-in user for good; then go to `next`."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        return HttpResponseBadRequest()
    if isinstance(request.user, User):
        services.set_language(user=request.user, language=chosen)
    return set_language(request)


def remember_language(response: HttpResponse, language: str) -> None:
    """Set the cookie that Django's LocaleMiddleware reads, as its own set_language does."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
