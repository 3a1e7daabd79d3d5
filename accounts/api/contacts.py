"""``phoneMethods`` and ``emailMethods``. The ids are the original's: one for each kind, the same for everybody."""

import re
from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import contacting
from accounts.models import ContactMethod, User
from recovery_portal.api import odata
from recovery_portal.api.shell import Body, created, nothing, operation

from . import faces, lookup
from .methods import OWN, REFUSALS, ROLE_READ, ROLE_WRITE, MethodAnswer, MethodList, may_read, may_write
from .shapes import stamp

_Kind = ContactMethod.Kind
IDS = {
    _Kind.MOBILE: "3179e48a-750b-4051-897c-87b9720928f7",
    _Kind.ALTERNATE_MOBILE: "b6332ec1-7057-4abe-9331-3d72feddfe41",
    _Kind.OFFICE: "e37fc753-ff3b-4958-9484-eaa9425c82bc",
    _Kind.EMAIL: "3ddfcfc8-9383-446f-83cc-3ab9be4be18f",
}
_KINDS = {row_id: kind for kind, row_id in IDS.items()}
_NUMBER = re.compile(r"\+[1-9][0-9]{0,2} ?[0-9]{4,14}(x[0-9]{1,10})?")
_REFUSALS = REFUSALS | {
    "kind_taken": (400, "badRequest"),
    "mobile_missing": (400, "badRequest"),
    "mobile_needed": (400, "badRequest"),
    "contact_not_found": (404, "resourceNotFound"),
}


class PhoneAnswer(MethodAnswer):
    phoneNumber = serializers.CharField()
    phoneType = serializers.ChoiceField(choices=["mobile", "alternateMobile", "office"])
    smsSignInState = serializers.CharField()


class EmailAnswer(MethodAnswer):
    emailAddress = serializers.CharField()


class PhoneChange(Body):
    phoneNumber = serializers.CharField(max_length=40)
    phoneType = serializers.ChoiceField(choices=["mobile", "alternateMobile", "office"], required=False)

    def validate_phoneNumber(self, value: str) -> str:
        if not _NUMBER.fullmatch(value):
            raise serializers.ValidationError("A phone number is written +{country} {number}x{extension}.")
        return value


class NewPhone(PhoneChange):
    phoneType = serializers.ChoiceField(choices=["mobile", "alternateMobile", "office"])


class Email(Body):
    emailAddress = serializers.EmailField(max_length=254)


def _face(row: ContactMethod) -> dict[str, Any]:
    kind = _Kind(row.kind)
    told = {"id": IDS[kind], "createdDateTime": stamp(row.created_at)}
    if kind is _Kind.EMAIL:
        return {"@odata.type": "#microsoft.graph.emailAuthenticationMethod", **told, "emailAddress": row.value}
    return {
        "@odata.type": "#microsoft.graph.phoneAuthenticationMethod",
        **told,
        "phoneNumber": row.value,
        "phoneType": row.kind,
        "smsSignInState": "notAllowedByPolicy",  # nobody signs in by text message here
    }


def phones(user: User, at: datetime) -> list[dict[str, Any]]:
    return [_face(row) for row in user.contact_methods.all() if row.kind != _Kind.EMAIL]


def emails(user: User, at: datetime) -> list[dict[str, Any]]:
    return [_face(row) for row in user.contact_methods.all() if row.kind == _Kind.EMAIL]


faces.registry.methods |= {"phone": phones, "email": emails}


class _Contacts(MethodList):
    refusals = _REFUSALS

    def add(self, request: Request, key: str, kind: str, value: str) -> Response:
        user = self.person(key)
        row = contacting.add_contact(user=user, kind=kind, value=value, by=lookup.operator(self.caller), at=self.at)
        face = _face(row)
        path = f"users('{user.pk}')/authentication/{self.segment}/$entity"
        return created(odata.entity(request._request, path, face), f"{request.path}/{face['id']}")

    def change(self, key: str, row_id: str, value: str) -> Response:
        contacting.change_contact(
            user=self.person(key), kind=self.kind_of(row_id), value=value, by=lookup.operator(self.caller), at=self.at
        )
        return nothing()

    def remove(self, key: str, row_id: str) -> Response:
        contacting.remove_contact(
            user=self.person(key), kind=self.kind_of(row_id), by=lookup.operator(self.caller), at=self.at
        )
        return nothing()

    def kind_of(self, row_id: str) -> str:
        """Raises GraphError (404) for an id that is none of this segment's."""
        kind = _KINDS.get(row_id.lower())
        if kind is None or (kind is _Kind.EMAIL) != (self.kind == "email"):
            raise lookup.missing(row_id)
        return kind.value


class PhoneMethods(_Contacts):
    kind, segment = "phone", "phoneMethods"

    @operation("listPhoneMethods", "List phones", permissions=may_read("Phone"), role=ROLE_READ, answer=PhoneAnswer,
               is_list=True)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return self.answer_list(request, key)

    @operation("createPhoneMethod", "Add phone", permissions=may_write("Phone"), role=ROLE_WRITE, body=NewPhone,
               answer=PhoneAnswer, status=201)  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        fields = self.read(NewPhone)
        return self.add(request, key, fields["phoneType"], fields["phoneNumber"])


class OnePhoneMethod(_Contacts):
    kind, segment = "phone", "phoneMethods"

    @operation("getPhoneMethod", "Get phone", permissions=may_read("Phone"), role=ROLE_READ, answer=PhoneAnswer)
    def get(self, request: Request, key: str, row_id: str) -> Response:
        return self.answer_one(request, key, row_id)

    @operation("updatePhoneMethod", "Change phone", permissions=may_write("Phone"), role=ROLE_WRITE, body=PhoneChange,
               status=204)  # fmt: skip
    def patch(self, request: Request, key: str, row_id: str) -> Response:
        return self.change(key, row_id, self.read(PhoneChange)["phoneNumber"])

    @operation("deletePhoneMethod", "Delete phone", permissions=may_write("Phone"), role=ROLE_WRITE, status=204)
    def delete(self, request: Request, key: str, row_id: str) -> Response:
        return self.remove(key, row_id)


class EmailMethods(_Contacts):
    kind, segment = "email", "emailMethods"

    @operation("listEmailMethods", "List mail addresses", permissions=may_read("Email"), role=ROLE_READ,
               answer=EmailAnswer, is_list=True)  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        return self.answer_list(request, key)

    @operation("createEmailMethod", "Add mail address", permissions=may_write("Email"), role=ROLE_WRITE, body=Email,
               answer=EmailAnswer, status=201)  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        return self.add(request, key, _Kind.EMAIL.value, self.read(Email)["emailAddress"])


class OneEmailMethod(_Contacts):
    kind, segment = "email", "emailMethods"

    @operation("getEmailMethod", "Get mail address", permissions=may_read("Email"), role=ROLE_READ, answer=EmailAnswer)
    def get(self, request: Request, key: str, row_id: str) -> Response:
        return self.answer_one(request, key, row_id)

    @operation("updateEmailMethod", "Change mail address", permissions=may_write("Email"), role=ROLE_WRITE, body=Email,
               status=204)  # fmt: skip
    def patch(self, request: Request, key: str, row_id: str) -> Response:
        return self.change(key, row_id, self.read(Email)["emailAddress"])

    @operation("deleteEmailMethod", "Delete mail address", permissions=may_write("Email"), role=ROLE_WRITE, status=204)
    def delete(self, request: Request, key: str, row_id: str) -> Response:
        return self.remove(key, row_id)


class MyPhoneMethods(_Contacts):
    kind, segment = "phone", "phoneMethods"

    @operation("listMyPhoneMethods", "List own phones", permissions=OWN, own=True, answer=PhoneAnswer, is_list=True)
    def get(self, request: Request) -> Response:
        return self.answer_list(request, None)


class MyEmailMethods(_Contacts):
    kind, segment = "email", "emailMethods"

    @operation("listMyEmailMethods", "List own mail addresses", permissions=OWN, own=True, answer=EmailAnswer,
               is_list=True)  # fmt: skip
    def get(self, request: Request) -> Response:
        return self.answer_list(request, None)
