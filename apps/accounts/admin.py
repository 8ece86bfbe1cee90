from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.auth import forms as auth_forms
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from knox.models import AuthToken

from apps.accounts import services
from apps.accounts.audited_admin import AuditedAdmin, ReadOnlyAdmin
from apps.accounts.models import AuditEntry, Organisation, Role, User


def _login(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """One door for everybody: the portal's login page, with its throttle and audit entries."""
    if request.user.is_authenticated:
        raise Http404
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


def _change_password(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """One page for everybody's own password too."""
    return redirect("accounts:password")


admin.site.login = _login  # type: ignore[method-assign]
admin.site.password_change = _change_password  # type: ignore[method-assign, assignment]  # a redirection
admin.site.site_header = admin.site.site_title = _("Administration")
admin.site.unregister(Group)  # rights follow from roles
if admin.site.is_registered(AuthToken):
    admin.site.unregister(AuthToken)


class RolesMixin(forms.ModelForm):
    roles = forms.MultipleChoiceField(choices=Role, required=False, widget=forms.CheckboxSelectMultiple, label=_("roles"))


class UserChangeForm(RolesMixin, auth_forms.UserChangeForm):
    pass


class UserAddForm(RolesMixin, auth_forms.AdminUserCreationForm):
    pass


@admin.register(User)
class UserAdmin(AuditedAdmin, DjangoUserAdmin):
    form = UserChangeForm
    add_form = UserAddForm
    list_display = ["username", "get_full_name", "organisation", "roles", "is_active", "last_login"]
    list_filter = ["organisation", "is_active"]
    list_select_related = ["organisation"]
    filter_horizontal = ()
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "language")}),
        (_("Rights"), {"fields": ("is_active", "organisation", "roles")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        (_("Rights"), {"fields": ("organisation", "roles", "language")}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        services.align_admin_rights(obj)
        if obj.pk == request.user.pk and not obj.is_superuser:
            # The last way in must not close behind the person who stands in it.
            obj.is_staff = obj.is_superuser = True
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # accounts are closed, not deleted: the audit log and tickets point to them


@admin.register(Organisation)
class OrganisationAdmin(AuditedAdmin):
    list_display = ["name", "kind", "regions", "sees_network_counts"]
    list_filter = ["kind"]


@admin.register(AuthToken)
class TokenAdmin(AuditedAdmin):
    """API tokens, to be revoked by deleting them; `manage.py add_token` makes them."""

    list_display = ["token_key", "user", "created", "expiry"]
    list_select_related = ["user"]
    fields = ["token_key", "user", "created", "expiry"]

    def log_deletions(self, request: HttpRequest, queryset: "QuerySet[Any]") -> Any:
        """The services record the revocation; Django's own log would keep the token's digest."""

    def delete_model(self, request: HttpRequest, obj: AuthToken) -> None:
        services.revoke_token(token=obj, by=cast(User, request.user))

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[AuthToken]") -> None:
        for token in queryset.select_related("user"):
            services.revoke_token(token=token, by=cast(User, request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor_name", "action", "target"]
    list_filter = ["action"]
    search_fields = ["actor_name", "action", "target"]
    date_hierarchy = "at"
