"""The directory and the audit in the admin site. Signing in is the portal's work, not the admin site's."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import flows, operator_sign_in
from accounts.audit import admin as audit_admin  # noqa: F401 - registering is the import's purpose
from accounts.audit import flows as audit
from accounts.errors import NotPermitted
from accounts.models import DirectoryGroup, OperatorSignInPolicy, User
from accounts.names import normalise_account_name
from accounts.operators import Operator, check_may_manage
from accounts.passkeys import admin as passkey_admin  # noqa: F401 - as above
from accounts.signin import session
from accounts.views import me, sign_out
from recovery_portal.kit import clock


def _portal_sign_in(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """One way in for everybody (ASVS 6.1.3). Somebody signed in who is no operator gets no second chance here."""
    if isinstance(request.user, User):
        return redirect("accounts:operator_passkey" if _lacks_passkey(request) else "accounts:apps")
    return redirect(f"{reverse('accounts:sign_in')}?{urlencode({'next': reverse('admin:index')})}")


def _may_enter(request: HttpRequest) -> bool:
    """What every page of the admin site and of the console asks first."""
    return AdminSite.has_permission(admin.site, request) and not _lacks_passkey(request)


def _lacks_passkey(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and operator_sign_in.is_barred(
        request.user, signed_in_with=session.method(request)
    )


def _portal_password(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """One way to change a password: the one that audits it and writes to its owner."""
    return redirect("accounts:change_password")


def _portal_sign_out(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    return sign_out(request)


class OneAddressPerLine(forms.Field):
    """Other mail addresses, one per line."""

    widget = forms.Textarea(attrs={"rows": 3, "cols": 40})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        lines = value.splitlines() if isinstance(value, str) else list(value or [])
        check = forms.EmailField()
        return [check.clean(line) for line in (line.strip() for line in lines) if line]


class UserForm(ModelForm):
    other_mails = OneAddressPerLine(label=_("Other mails"), required=False, help_text=_("One address per line."))
    directory_groups = forms.ModelMultipleChoiceField(
        label=_("Directory groups"),
        queryset=DirectoryGroup.objects.all(),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )

    class Meta:
        model = User
        fields = (
            "user_principal_name", "given_name", "surname", "display_name", "mail", "other_mails", "mobile_phone",
            "employee_id", "usage_location", "preferred_language", "user_type", "account_enabled",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields["directory_groups"].initial = self.instance.directory_groups.all()

    def clean_user_principal_name(self) -> str:
        name = normalise_account_name(self.cleaned_data["user_principal_name"])
        if User.objects.filter(user_principal_name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("This account name is taken."))
        return name


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """Operators see which methods somebody has; they never see, set or choose a secret (ASVS 6.4.6). A first way in
    is a Temporary Access Pass."""

    form = UserForm
    list_display = ("user_principal_name", "display_name", "user_type", "account_enabled", "last_sign_in_at")
    list_filter = ("account_enabled", "user_type", "is_staff", "directory_groups")
    search_fields = ("user_principal_name", "display_name", "given_name", "surname", "mail", "employee_id")
    readonly_fields = ("id", "created_at", "last_sign_in_at", "methods", "member_of")
    actions = ("sign_out_everywhere",)
    fieldsets = (
        (None, {"fields": ("user_principal_name", "account_enabled", "user_type")}),
        (_("Person"), {"fields": ("given_name", "surname", "display_name", "employee_id", "usage_location",
                                  "preferred_language")}),
        (_("Reachable at"), {"fields": ("mail", "other_mails", "mobile_phone")}),
        (_("Directory"), {"fields": ("directory_groups", "id", "created_at", "last_sign_in_at", "methods")}),
    )  # fmt: skip
    # The form's own field cannot be shown to somebody who may only look.
    _LOOKED_AT = (
        *fieldsets[:-1],
        (_("Directory"), {"fields": ("member_of", "id", "created_at", "last_sign_in_at", "methods")}),
    )
    _ROLES = (_("Roles"), {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")})

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        # Only who has every right may hand rights out: nobody raises themselves.
        if request.user.is_superuser:
            return (*self.fieldsets, self._ROLES)
        may_edit = self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)
        return self.fieldsets if may_edit else self._LOOKED_AT

    @admin.display(description=_("directory groups"))
    def member_of(self, user: User) -> str:
        return ", ".join(user.directory_groups.values_list("display_name", flat=True)) or "–"

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        if not allowed or obj is None or request.user.is_superuser:
            return allowed
        try:
            check_may_manage(Operator(user=me(request)), obj)
        except NotPermitted:
            return False
        return True

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # accounts are disabled: what happened to them stays on record (SP 800-63B-4 §4.1)

    @admin.display(description=_("authentication methods"))
    def methods(self, user: User) -> str:
        if user._state.adding:
            return "–"
        rows = flows.list_methods(user=user, at=clock.now())
        return (
            "\n".join(f"{row.label} · {row.detail}{' · suspended' if row.is_suspended else ''}" for row in rows) or "–"
        )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        if not obj.display_name:
            obj.display_name = f"{obj.given_name} {obj.surname}".strip() or obj.user_principal_name
        super().save_model(request, obj, form, change)
        obj.directory_groups.set(form.cleaned_data["directory_groups"])
        _note(request, "Update user" if change else "Add user", obj, form.changed_data)
        if "account_enabled" in form.changed_data and not obj.account_enabled:
            flows.end_other_sessions(user=obj, at=clock.now())

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        at, count = clock.now(), 0
        for user in queryset:
            try:
                check_may_manage(Operator(user=me(request)), user)
            except NotPermitted as refused:
                self.message_user(request, f"{user}: {refused.reason}", messages.ERROR)
                continue
            flows.end_other_sessions(user=user, at=at)
            count += 1
        text = ngettext("%d person was signed out everywhere.", "%d people were signed out everywhere.", count)
        self.message_user(request, text % count, messages.SUCCESS)


class GroupForm(ModelForm):
    members = forms.CharField(
        label=_("Members"),
        required=False,
        help_text=_("One account name per line."),
        widget=forms.Textarea(attrs={"rows": 12, "cols": 60}),
    )

    class Meta:
        model = DirectoryGroup
        fields = ("display_name", "description")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            names = self.instance.members.order_by("user_principal_name")
            # The group's own members, which the form would write as Python writes objects, have the same name.
            self.initial["members"] = "\n".join(names.values_list("user_principal_name", flat=True))

    def clean_members(self) -> list[User]:
        names = {normalise_account_name(line) for line in self.cleaned_data["members"].splitlines()} - {""}
        found = {user.user_principal_name: user for user in User.objects.filter(user_principal_name__in=names)}
        if unknown := sorted(names - found.keys()):
            raise forms.ValidationError(_("Not in the directory: %(names)s"), params={"names": ", ".join(unknown)})
        return list(found.values())


@admin.register(DirectoryGroup)
class DirectoryGroupAdmin(admin.ModelAdmin):
    form = GroupForm
    list_display = ("display_name", "description")
    search_fields = ("display_name", "description")
    readonly_fields = ("id",)
    fields = ("display_name", "description", "members", "id")

    def get_fields(self, request: HttpRequest, obj: DirectoryGroup | None = None) -> tuple[str, ...]:
        return self.fields[:-1] if obj is None else self.fields  # its id is not its own before it is kept

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.instance.members.set(form.cleaned_data["members"])
        audit.record(
            activity="Update group" if change else "Add group",
            at=clock.now(),
            initiated_by=me(request),
            service="Core Directory",
            category="GroupManagement",
            details={"group": form.instance.display_name, "changed": ", ".join(form.changed_data)},
        )


@admin.register(OperatorSignInPolicy)
class OperatorSignInPolicyAdmin(admin.ModelAdmin):
    """The one row: its list is its form."""

    fields = ("passkey_required",)
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: OperatorSignInPolicy | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row = OperatorSignInPolicy.objects.get_or_create(pk=OperatorSignInPolicy.THE_ROW)[0]
        return redirect("admin:accounts_operatorsigninpolicy_change", row.pk)

    def save_model(self, request: HttpRequest, obj: OperatorSignInPolicy, form: Any, change: bool) -> None:
        try:
            operator_sign_in.require_passkey(
                required=obj.passkey_required,
                by=Operator(user=me(request)),
                signed_in_with=session.method(request),
                at=clock.now(),
            )
        except NotPermitted as refused:
            messages.error(request, refused.reason)
        else:
            messages.success(request, _("The policy was saved."))

    def response_change(self, request: HttpRequest, obj: OperatorSignInPolicy) -> HttpResponse:
        return redirect(request.path)


def _note(request: HttpRequest, activity: str, target: User, changed: list[str]) -> None:
    audit.record(
        activity=activity,
        at=clock.now(),
        target=target,
        initiated_by=me(request),
        service="Core Directory",
        details={"changed": ", ".join(changed)},
    )


admin.site.site_header = _("Administration")
admin.site.site_title = _("Administration")
admin.site.index_title = _("Directory, recovery and passes")
admin.site.has_permission = _may_enter  # type: ignore[method-assign]
admin.site.login = _portal_sign_in  # type: ignore[method-assign]
admin.site.password_change = _portal_password  # type: ignore[method-assign, assignment]
admin.site.logout = _portal_sign_out  # type: ignore[method-assign, assignment]
