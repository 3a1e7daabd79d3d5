"""Extensions for claim validation: set one up, let it receive claims, try it, and read how its calls went."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.operators import Operator
from idv.verifier.claims import FURTHER
from recovery_portal.kit import clock, http_peer

from ..claim_validation import ExtensionError
from ..errors import ExtensionRefused, SwitchRefused
from ..flows import extending
from ..models import ClaimExtension, ExtensionCall
from ..models.extension import LONGEST_TIMEOUT_MS, MOST_RETRIES, SHORTEST_TIMEOUT_MS
from .access import answer, operator_of, page
from .forms import NAME_MAX_LENGTH, AccountField

_CALLS_SHOWN = 50
_SENTENCES: dict[str, Promise] = {
    "name_taken": _("There is an extension, or an app registration, of this name."),
    "target_url_unusable": _("The address must begin with https://."),
    "resource_id_malformed": _("It is written api://host-of-the-target/application-id."),
    "resource_id_on_another_host": _("It names another host than the target."),
    "resource_unknown": _("It names no app registration."),
    "too_many": _("There are too many extensions already."),
    "in_use": _("A recovery profile asks this extension."),
    "changed_meanwhile": _("Its address or claims were changed meanwhile: look again, then grant the permission."),
    "approval_required": _(
        "A profile in Production asks this extension, and two operators agree on what is there: add another extension, "
        "and propose it for the profile."
    ),
}
_FIELD = {
    "name_taken": "display_name",
    "target_url_unusable": "target_url",
    "resource_id_malformed": "resource_id",
    "resource_id_on_another_host": "resource_id",
    "resource_unknown": "resource_id",
    "approval_required": "target_url",
}


class ExtensionForm(forms.Form):
    display_name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(label=_("Description"), max_length=1024, required=False)
    target_url = forms.CharField(label=_("Target URL"), max_length=400, widget=forms.URLInput)
    resource_id = forms.CharField(
        label=_("Resource id"),
        max_length=400,
        required=False,
        help_text=_("Leave it empty to make an app registration for the API."),
    )
    timeout_ms = forms.IntegerField(
        label=_("Time limit in milliseconds"),
        min_value=SHORTEST_TIMEOUT_MS,
        max_value=LONGEST_TIMEOUT_MS,
        initial=LONGEST_TIMEOUT_MS,
    )
    maximum_retries = forms.IntegerField(
        label=_("Tries after a failed one"), min_value=0, max_value=MOST_RETRIES, initial=MOST_RETRIES
    )
    claims = forms.MultipleChoiceField(
        label=_("Claims sent besides the names"),
        choices=[(name, name) for name in FURTHER],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The wallet is asked for these as well. A credential without one of them is not accepted."),
    )

    def clean_target_url(self) -> str:
        return str(self.cleaned_data["target_url"]).strip()

    def refuse(self, refused: ExtensionRefused | SwitchRefused) -> None:
        field = _FIELD.get(refused.code)
        self.add_error(field, str(_SENTENCES.get(refused.code, refused.reason)))


class TestForm(forms.Form):
    """What a credential would say, and the account it is held against."""

    account = AccountField(label=_("Account name"))
    firstName = forms.CharField(label=_("First name on the credential"), max_length=NAME_MAX_LENGTH)
    lastName = forms.CharField(label=_("Last name on the credential"), max_length=NAME_MAX_LENGTH)

    def __init__(self, *args: Any, extension: ClaimExtension, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in sorted(extension.claims):
            self.fields[name] = forms.CharField(label=name, max_length=NAME_MAX_LENGTH, required=False)

    def claims(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if name != "account" and value}


@page("recovery.view_claimextension")
@require_safe
def extensions(request: HttpRequest) -> HttpResponse:
    """Each with the outcome of its last call. Two queries, however many calls there were."""
    last = ExtensionCall.objects.filter(extension=OuterRef("pk")).order_by("-at", "-id")
    rows = ClaimExtension.objects.prefetch_related("profiles").annotate(
        last_outcome=Subquery(last.values("outcome")[:1]), last_at=Subquery(last.values("at")[:1])
    )
    return answer(request, "extensions.html", _("Claim validation"), rows=rows)


@page("recovery.view_claimextension", "recovery.add_claimextension")
def add_extension(request: HttpRequest) -> HttpResponse:
    form = ExtensionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by = Operator(user=operator_of(request))
        try:
            made = extending.create_extension(fields=form.cleaned_data, by=by, at=clock.now(), with_listener=True)
        except ExtensionRefused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The extension was created. It receives nothing before you grant it."))
            return redirect("console:extension", made.pk)
    return answer(request, "extension_form.html", _("Add a custom authentication extension"), form=form)


@page("recovery.view_claimextension")
@require_safe
def extension(request: HttpRequest, extension_id: UUID) -> HttpResponse:
    """What it is, and how its last calls went."""
    found = get_object_or_404(ClaimExtension.objects.prefetch_related("profiles", "listeners"), pk=extension_id)
    context: dict[str, Any] = {"extension": found}
    if request.user.has_perm("recovery.view_extensioncall"):
        context["calls"] = [(call, error_title(call)) for call in found.calls.all()[:_CALLS_SHOWN]]
    return answer(request, "extension.html", found.display_name, **context)


@page("recovery.view_claimextension", "recovery.change_claimextension")
def change_extension(request: HttpRequest, extension_id: UUID) -> HttpResponse:
    found = get_object_or_404(ClaimExtension, pk=extension_id)
    initial = {name: getattr(found, name) for name in ExtensionForm.base_fields}
    form = ExtensionForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        fields = {**form.cleaned_data, "resource_id": form.cleaned_data["resource_id"] or found.resource_id}
        by = Operator(user=operator_of(request))
        try:
            extending.change_extension(extension=found, fields=fields, by=by, at=clock.now())
        except (ExtensionRefused, SwitchRefused) as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The extension was changed."))
            if found.granted_at is None:
                messages.warning(request, _("It is not asked before somebody grants it the permission."))
            return redirect("console:extension", found.pk)
    title = _("Change %(name)s") % {"name": initial["display_name"]}
    return answer(request, "extension_form.html", title, form=form, extension=found)


@page("recovery.view_claimextension", "recovery.grant_claimextension")
@require_POST
def grant_extension(request: HttpRequest, extension_id: UUID) -> HttpResponse:
    found = get_object_or_404(ClaimExtension, pk=extension_id)
    try:
        seen = (request.POST.get("target_url"), request.POST.get("claims"))
        if seen != (found.target_url, " ".join(found.claims)):  # what the operator saw is what they grant
            raise ExtensionRefused("changed_meanwhile", "The extension has another address, or other claims, now.")
        extending.grant_extension(extension=found, by=operator_of(request), at=clock.now())
        messages.success(request, _("The extension may receive claims now."))
    except ExtensionRefused as refused:
        messages.error(request, str(_SENTENCES.get(refused.code, refused.reason)))
    return redirect("console:extension", found.pk)


@page("recovery.view_claimextension", "recovery.delete_claimextension")
@require_POST
def delete_extension(request: HttpRequest, extension_id: UUID) -> HttpResponse:
    found = get_object_or_404(ClaimExtension, pk=extension_id)
    try:
        extending.delete_extension(extension=found, by=Operator(user=operator_of(request)), at=clock.now())
    except ExtensionRefused as refused:
        messages.error(request, str(_SENTENCES.get(refused.code, refused.reason)))
        return redirect("console:extension", found.pk)
    messages.success(request, _("The extension was deleted."))
    return redirect("console:extensions")


@page("recovery.view_claimextension", "recovery.change_claimextension", "accounts.view_user")
def test_extension(request: HttpRequest, extension_id: UUID) -> HttpResponse:
    """Ask it now, as a recovery would. By POST, and nothing of what was typed is kept."""
    found = get_object_or_404(ClaimExtension, pk=extension_id)
    if request.method not in {"GET", "HEAD", "POST"}:
        raise PermissionDenied
    form = TestForm(request.POST or None, extension=found)
    context: dict[str, Any] = {"extension": found, "form": form}
    if request.method == "POST" and form.is_valid():
        call = extending.test_extension(
            extension=found,
            user=form.cleaned_data["account"],
            claims=form.claims(),
            correlation_id=str(uuid4()),
            client_ip=http_peer.address(request),
            by=operator_of(request),
            at=clock.now(),
        )
        context |= {"call": call, "error": error_title(call)}
    return answer(request, "extension_test.html", _("Test %(name)s") % {"name": found.display_name}, **context)


def error_title(call: ExtensionCall) -> str:
    return ExtensionError(call.error_code).title if call.error_code is not None else ""
