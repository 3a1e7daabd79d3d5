"""schemathesis reads the API's own description and asks everything that it allows, and what it does not.

In this process, through WSGI; the same questions every time, so that a refusal is a change of the code.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.models import DirectoryGroup, User
from idv.verifier.models import IdentityProvider
from recovery_portal.api import docs, permissions
from recovery_portal.kit import clock
from recovery_portal.recovery.models import RecoveryProfile
from recovery_portal.testing.in_process import connection_kept
from tap import flows as passes
from tests.fakes.accounts import PASSWORD

from .conftest import AsApp, AsPerson

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ASKED = 8  # of each operation, and of each kind of question
SCHEMA = schemathesis.openapi.from_dict(docs.document())
SCHEMA.app = get_wsgi_application()
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}
# Where nothing but keys is sent, and a key may be any text, there is nothing that the description does not allow.
FALSIFIABLE = [label for label, found in OPERATIONS.items() if found.query or found.body]
NOBODY = str(uuid.UUID(int=1))


@pytest.fixture(autouse=True)
def _as_often_as_it_likes(settings: Any) -> Iterator[None]:
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    settings.ALLOWED_HOSTS = ["localhost"]  # by this name schemathesis calls
    with connection_kept():
        yield


@pytest.fixture
def furnished(alice: User, mallory: User) -> dict[str, list[str]]:
    """Something behind every kind of address: what a parameter may be, by its name."""
    group = DirectoryGroup.objects.create(display_name="Staff of the archive")
    group.members.add(alice)
    provider = IdentityProvider.objects.create(
        name="Proofmark", issuer="https://idv.example", client_id="http://portal.test", allowed_vcts=["x"]
    )
    profile = RecoveryProfile.objects.create(name="Staff", provider=provider, priority=1)
    issued = passes.issue(user=alice, issued_by=None, application="A program", at=clock.now())
    return {
        "key": [str(alice.pk), alice.user_principal_name, str(mallory.pk), str(group.pk), str(profile.pk), NOBODY],
        "member": [str(alice.pk), str(mallory.pk)],
        "row_id": [str(issued.record.pk), "28c10230-6103-485e-b985-444c60001490", NOBODY],
        "name": ["Fido2", "TemporaryAccessPass", "VerifiableCredentials", "nothing"],
    }


def ask(label: str, known: dict[str, list[str]], tokens: list[str], mode: GenerationMode, check: Any) -> None:
    """Put every question of `mode` to one operation; parameters are taken from `known` half of the time."""
    operation = OPERATIONS[label]
    names = [found.name for found in operation.path_parameters]
    kept = st.fixed_dictionaries({name: st.sampled_from(known[name]) for name in names if name in known})

    # Without shrinking: the question that failed is small enough to read, and the next one is not far.
    @settings(max_examples=ASKED, derandomize=True, database=None, phases=[Phase.generate], report_multiple_bugs=False,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(
        case=operation.as_strategy(generation_mode=mode), ids=kept, use_ids=st.booleans(), token=st.sampled_from(tokens)
    )
    def put(case: Any, ids: dict[str, str], use_ids: bool, token: str) -> None:
        if use_ids or mode is GenerationMode.POSITIVE:
            case.path_parameters.update(ids)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS)
        check(answer)

    put()


@pytest.mark.parametrize(
    ("label", "mode"),
    [
        *((label, GenerationMode.POSITIVE) for label in OPERATIONS),
        *((label, GenerationMode.NEGATIVE) for label in FALSIFIABLE),
    ],
)
def test_with_every_permission_nothing_fails_and_nothing_is_undocumented(
    label: str, mode: GenerationMode, furnished: dict[str, list[str]], as_app: AsApp
) -> None:
    token = as_app(*permissions.known()).token
    hashes = [*User.objects.values_list("password", flat=True), PASSWORD]

    def no_secret(answer: Any) -> None:
        assert not any(kept in answer.text for kept in hashes)

    ask(label, furnished, [token], mode, no_secret)


@pytest.mark.parametrize("label", OPERATIONS)
def test_without_a_permission_nothing_is_answered_and_nothing_told(
    label: str, furnished: dict[str, list[str]], as_app: AsApp, as_person: AsPerson, mallory: User, alice: User
) -> None:
    """A program without permissions; and one with all of them, for a person who may nothing but be themselves."""
    is_own = label.split(" ")[1].startswith("/v1.0/me/") or label == "GET /v1.0/me"

    def refused(answer: Any) -> None:
        assert answer.status_code in ({400, 401} if is_own else {400, 401, 403, 404, 405, 413, 415})
        tells_nothing(answer)

    def tells_nothing(answer: Any) -> None:
        if answer.status_code < 400:
            assert is_own, f"{label} was answered"
        for about_alice in (alice.surname, alice.mail, *alice.other_mails):
            assert about_alice not in answer.text or f"Resource '{alice.user_principal_name}'" in answer.text

    ask(label, furnished, [as_app().token, ""], GenerationMode.POSITIVE, refused)
    ask(label, furnished, [as_person(mallory, *permissions.known()).token], GenerationMode.POSITIVE, tells_nothing)
