"""``users/{key}/authentication`` and ``me/authentication``: what somebody can sign in with."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.views.decorators.debug import sensitive_variables
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operating
from accounts.models import User
from accounts.passkeys.flows import CHALLENGE_LIFETIME
from recovery_portal.api import odata
from recovery_portal.api.errors import GraphError
from recovery_portal.api.shell import Body, GraphView, created, nothing, operation

from . import faces, lookup
from .lookup import OfPerson
from .shapes import stamp

ROLE_READ, ROLE_WRITE = "accounts.view_user", "accounts.manage_methods"
READ_ANY = ("UserAuthenticationMethod.Read.All",)
OWN = ("UserAuthenticationMethod.Read",)
REFUSALS = {
    "own_account": (403, "accessDenied"),
    "operator_account": (403, "accessDenied"),
    "method_not_found": (404, "resourceNotFound"),
    "too_many_passkeys": (400, "badRequest"),
    "too_many_apps": (400, "badRequest"),
    "credential_known": (409, "conflict"),
}


def may_read(method: str) -> tuple[str, ...]:
    return (f"UserAuthMethod-{method}.Read.All",)


def may_write(method: str) -> tuple[str, ...]:
    return (f"UserAuthMethod-{method}.ReadWrite.All",)


class MethodAnswer(serializers.Serializer):
    """Any method; ``@odata.type`` says which."""

    id = serializers.UUIDField()
    createdDateTime = serializers.DateTimeField(allow_null=True)


class PasskeyAnswer(MethodAnswer):
    displayName = serializers.CharField()
    aaGuid = serializers.CharField(allow_null=True)
    model = serializers.CharField(allow_null=True)
    attestationCertificates = serializers.ListField(child=serializers.CharField())
    attestationLevel = serializers.ChoiceField(choices=["attested", "notAttested"])
    passkeyType = serializers.ChoiceField(choices=["deviceBound", "synced"])


class MethodList(OfPerson):
    """All of one kind; ``kind`` is the method's key, None for every kind."""

    kind: str | None = None
    segment = "methods"

    def rows(self, user: User) -> list[dict[str, Any]]:
        kinds = [self.kind] if self.kind else list(faces.registry.methods)
        return [row for kind in kinds for row in faces.registry.methods[kind](user, self.at)]

    def answer_list(self, request: Request, key: str | None) -> Response:
        user = self.person(key)
        path = f"users('{user.pk}')/authentication/{self.segment}"
        return Response(odata.whole(request._request, path, self.rows(user)))

    def answer_one(self, request: Request, key: str | None, row_id: str) -> Response:
        user = self.person(key)
        found = next((row for row in self.rows(user) if row["id"] == row_id.lower()), None)
        if found is None:
            raise lookup.missing(row_id)
        path = f"users('{user.pk}')/authentication/{self.segment}/$entity"
        return Response(odata.entity(request._request, path, found))


class Methods(MethodList):
    @operation("listAuthenticationMethods", "List authentication methods", permissions=READ_ANY, role=ROLE_READ,
               answer=MethodAnswer, is_list=True)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return self.answer_list(request, key)


class OneMethod(MethodList):
    @operation("getAuthenticationMethod", "Get authentication method", permissions=READ_ANY, role=ROLE_READ,
               answer=MethodAnswer)  # fmt: skip
    def get(self, request: Request, key: str, row_id: str) -> Response:
        return self.answer_one(request, key, row_id)


class MyMethods(MethodList):
    @operation("listMyAuthenticationMethods", "List own authentication methods", permissions=OWN, own=True,
               answer=MethodAnswer, is_list=True)  # fmt: skip
    def get(self, request: Request) -> Response:
        return self.answer_list(request, None)


class PasswordReset(OfPerson):
    refusals = REFUSALS

    class NewPassword(Body):
        newPassword = serializers.CharField(max_length=256, required=False, allow_null=True, trim_whitespace=False)

    class MadePassword(serializers.Serializer):
        newPassword = serializers.CharField()

    @operation("resetPassword", "Reset password", permissions=may_write("Password"), role=ROLE_WRITE,
               body=NewPassword, answer=MadePassword, status=202)  # fmt: skip
    def post(self, request: Request, key: str, row_id: str) -> Response:
        user = self.person(key)
        if row_id != faces.PASSWORD_ID:
            raise lookup.missing(row_id)
        chosen = self.read(self.NewPassword).get("newPassword")
        made = operating.reset_password(user=user, password=chosen, by=lookup.operator(self.caller), at=self.at)
        # Graph names the password only where the caller did not choose it.
        body = {} if chosen else {"newPassword": made}
        version = request.path.split("/")[1]
        operations = f"{settings.PORTAL_BASE_URL}/{version}/users/{user.pk}/authentication/methods/{row_id}"
        return Response(body, status=202, headers={"Location": operations})


class PasswordMethods(MethodList):
    kind, segment = "password", "passwordMethods"

    @operation("listPasswordMethods", "List password methods", permissions=may_read("Password"), role=ROLE_READ,
               answer=MethodAnswer, is_list=True)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return self.answer_list(request, key)


class OnePasswordMethod(MethodList):
    kind, segment = "password", "passwordMethods"

    @operation("getPasswordMethod", "Get password method", permissions=may_read("Password"), role=ROLE_READ,
               answer=MethodAnswer)  # fmt: skip
    def get(self, request: Request, key: str, row_id: str) -> Response:
        return self.answer_one(request, key, row_id)


class MyMethod(MethodList):
    """``me/authentication/methods/{id}``. Changing them is left to Security info, which wants a fresh sign-in."""

    @operation("getMyAuthenticationMethod", "Get own authentication method", permissions=OWN, own=True,
               answer=MethodAnswer)  # fmt: skip
    def get(self, request: Request, row_id: str) -> Response:
        return self.answer_one(request, None, row_id)


class MyPasswordMethods(MethodList):
    kind, segment = "password", "passwordMethods"

    @operation("listMyPasswordMethods", "List own password methods", permissions=OWN, own=True, answer=MethodAnswer,
               is_list=True)  # fmt: skip
    def get(self, request: Request) -> Response:
        return self.answer_list(request, None)


class SoftwareOathMethods(MethodList):
    kind, segment = "softwareOath", "softwareOathMethods"
    refusals = REFUSALS

    class NewSecret(Body):
        secretKey = serializers.CharField(max_length=200)

    @operation("listSoftwareOathMethods", "List software OATH methods", permissions=may_read("SoftwareOATH"),
               role=ROLE_READ, answer=MethodAnswer, is_list=True)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return self.answer_list(request, key)

    @operation("createSoftwareOathMethod", "Add software OATH method", permissions=may_write("SoftwareOATH"),
               role=ROLE_WRITE, body=NewSecret, answer=MethodAnswer, status=201)  # fmt: skip
    @sensitive_variables("secret")
    def post(self, request: Request, key: str) -> Response:
        user = self.person(key)
        secret = self.read(self.NewSecret)["secretKey"]
        row = operating.provision_app(user=user, secret=secret, by=lookup.operator(self.caller), at=self.at)
        path = f"users('{user.pk}')/authentication/{self.segment}/$entity"
        body = odata.entity(request._request, path, faces.authenticator_app(row))
        return created(body, f"{request.path}/{row.pk}")


class OneSoftwareOathMethod(MethodList):
    kind, segment = "softwareOath", "softwareOathMethods"
    refusals = REFUSALS

    @operation("getSoftwareOathMethod", "Get software OATH method", permissions=may_read("SoftwareOATH"),
               role=ROLE_READ, answer=MethodAnswer)  # fmt: skip
    def get(self, request: Request, key: str, row_id: str) -> Response:
        return self.answer_one(request, key, row_id)

    @operation("deleteSoftwareOathMethod", "Delete software OATH method", permissions=may_write("SoftwareOATH"),
               role=ROLE_WRITE, status=204)  # fmt: skip
    def delete(self, request: Request, key: str, row_id: str) -> Response:
        _withdraw(self, "softwareOath", key, row_id)
        return nothing()


class MySoftwareOathMethods(MethodList):
    kind, segment = "softwareOath", "softwareOathMethods"

    @operation("listMySoftwareOathMethods", "List own software OATH methods", permissions=OWN, own=True,
               answer=MethodAnswer, is_list=True)  # fmt: skip
    def get(self, request: Request) -> Response:
        return self.answer_list(request, None)


class Fido2Methods(MethodList):
    kind, segment = "fido2", "fido2Methods"
    refusals = REFUSALS

    class NewPasskey(Body):
        displayName = serializers.CharField(max_length=64, required=False)
        publicKeyCredential = serializers.DictField()

    @operation("listFido2Methods", "List passkeys", permissions=may_read("Passkey"), role=ROLE_READ,
               answer=PasskeyAnswer, is_list=True)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return self.answer_list(request, key)

    @operation("createFido2Method", "Create passkey", permissions=may_write("Passkey"), role=ROLE_WRITE,
               body=NewPasskey, answer=PasskeyAnswer, status=201)  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        user = self.person(key)
        fields = self.read(self.NewPasskey)
        passkey = operating.provision_passkey(
            user=user,
            credential=fields["publicKeyCredential"],
            name=fields.get("displayName", "Passkey"),
            by=lookup.operator(self.caller),
            asked_by=_asker(self),
            at=self.at,
        )
        path = f"users('{user.pk}')/authentication/fido2Methods/$entity"
        return created(odata.entity(request._request, path, faces.passkey(passkey)), f"{request.path}/{passkey.pk}")


class OneFido2Method(MethodList):
    kind, segment = "fido2", "fido2Methods"
    refusals = REFUSALS

    @operation("getFido2Method", "Get passkey", permissions=may_read("Passkey"), role=ROLE_READ, answer=PasskeyAnswer)
    def get(self, request: Request, key: str, row_id: str) -> Response:
        return self.answer_one(request, key, row_id)

    @operation("deleteFido2Method", "Delete passkey", permissions=may_write("Passkey"), role=ROLE_WRITE, status=204)
    def delete(self, request: Request, key: str, row_id: str) -> Response:
        _withdraw(self, "fido2", key, row_id)
        return nothing()


class MyFido2Methods(MethodList):
    kind, segment = "fido2", "fido2Methods"

    @operation("listMyFido2Methods", "List own passkeys", permissions=OWN, own=True, answer=PasskeyAnswer,
               is_list=True)  # fmt: skip
    def get(self, request: Request) -> Response:
        return self.answer_list(request, None)


class MyFido2Method(MethodList):
    kind, segment = "fido2", "fido2Methods"

    @operation("getMyFido2Method", "Get own passkey", permissions=OWN, own=True, answer=PasskeyAnswer)
    def get(self, request: Request, row_id: str) -> Response:
        return self.answer_one(request, None, row_id)


class CreationOptions(OfPerson):
    """``creationOptions()``: the challenge lives five minutes, as in v1.0; beta lets the caller say how long."""

    refusals = REFUSALS

    class OptionsAnswer(serializers.Serializer):
        challengeTimeoutDateTime = serializers.DateTimeField()
        publicKey = serializers.DictField()

    @operation("getFido2CreationOptions", "Get passkey creation options", permissions=may_write("Passkey"),
               role=ROLE_WRITE, answer=OptionsAnswer)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return self.answer(request, key, CHALLENGE_LIFETIME)

    def answer(self, request: Request, key: str, lifetime: timedelta) -> Response:
        options = operating.begin_passkey(
            user=self.person(key), by=lookup.operator(self.caller), asked_by=_asker(self), at=self.at,
            lifetime=lifetime,
        )  # fmt: skip
        body = {
            "@odata.type": "#microsoft.graph.webauthnCredentialCreationOptions",
            "challengeTimeoutDateTime": stamp(self.at + lifetime),
            "publicKey": options,
        }
        return Response(odata.entity(request._request, "microsoft.graph.webauthnCredentialCreationOptions", body))


class TimedCreationOptions(CreationOptions):
    """``creationOptions(challengeTimeoutInMinutes=…)``: 5 minutes to 30 days."""

    @operation("getFido2CreationOptionsFor", "Get passkey creation options for some minutes",
               permissions=may_write("Passkey"), role=ROLE_WRITE, answer=CreationOptions.OptionsAnswer)  # fmt: skip
    def get(self, request: Request, key: str, minutes: str) -> Response:  # type: ignore[override]
        if minutes.startswith(
            "@"
        ):  # a parameter alias (OData 4.01 5.3): by its name, or as the SDKs send it, without @
            minutes = request.GET.get(minutes) or request.GET.get(minutes[1:]) or "5"
        if not minutes.isascii() or not minutes.isdigit() or not 5 <= int(minutes[:6]) <= 43_200 or len(minutes) > 6:
            raise GraphError(400, "challengeTimeoutInMinutes is 5 to 43200.")
        return self.answer(request, key, timedelta(minutes=int(minutes)))


def _asker(view: GraphView) -> str:
    """A challenge is answered by whom it was given to: one program, for one person."""
    user = view.caller.user
    return f"api:{view.caller.app_id}:{user.pk if user else ''}"


def _withdraw(view: OfPerson, method: str, key: str, row_id: str) -> None:
    user = view.person(key)
    if lookup.find_id(row_id) is None:
        raise lookup.missing(row_id)
    operating.withdraw_method(
        user=user, method=method, row_id=row_id.lower(), by=lookup.operator(view.caller), at=view.at
    )
