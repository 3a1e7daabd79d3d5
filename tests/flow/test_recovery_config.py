"""The set-up as code: out and in without loss, twice without change, all or nothing."""

import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent, DirectoryGroup, User
from accounts.operators import Operator
from idv.verifier.models import IdentityProvider
from recovery_portal.api.models import AppRegistration
from recovery_portal.recovery import configuration
from recovery_portal.recovery.configuration import ConfigRefused
from recovery_portal.recovery.models import ClaimExtension, ExtensionListener, RecoveryPolicy, RecoveryProfile
from tap.models import TemporaryAccessPassPolicy
from tests.fakes.recovery import NOON, Clock, make_person

pytestmark = pytest.mark.django_db

BY = Operator(user=None, application="manage.py config")

DOCUMENT = """
version: 1
groups:
- name: Staff
  description: Everybody who works here
- name: Executives
providers:
- name: Proofmark
  issuer: https://proof.example
  client_id: https://portal.example
  allowed_vcts: [https://proof.example/credentials/VerifiedIdentity]
claim_extensions:
- name: HR
  target_url: https://hr.example/validate
  claims: [dateOfBirth]
profiles:
- name: Staff
  provider: Proofmark
  claim_extension: HR
  claim_validation_enabled: true
  state: enabled
  mode: production
  priority: 5
  include_groups: [Staff]
  match_confidence: relaxed
  face_check_threshold: 80
excluded_groups: [Executives]
temporary_access_pass:
  state: enabled
  default_lifetime_minutes: 120
  is_usable_once: true
  include_all_users: false
  include_groups: [Staff]
"""


def bring(text: str, *, dry_run: bool = False) -> list[str]:
    changes = configuration.apply(configuration.load(text), by=BY, at=NOON, dry_run=dry_run)
    return [str(change) for change in changes]


def test_a_document_sets_everything_up_and_is_told_back() -> None:
    assert bring(DOCUMENT)
    profile = RecoveryProfile.objects.get()
    assert (profile.mode, profile.state, profile.priority, profile.face_check_threshold) == (
        "production", "enabled", 5, 80,
    )  # fmt: skip
    assert [group.display_name for group in profile.include_groups.all()] == ["Staff"]
    assert [group.display_name for group in RecoveryPolicy.objects.get().excluded_groups.all()] == ["Executives"]
    policy = TemporaryAccessPassPolicy.objects.get()
    assert (policy.default_lifetime_minutes, policy.is_usable_once, policy.include_all_users) == (120, True, False)
    told, asked = configuration.export(), yaml.safe_load(DOCUMENT)
    assert {group["name"] for group in told["groups"]} == {"Staff", "Executives"}
    assert asked["profiles"][0].items() <= told["profiles"][0].items()
    assert asked["claim_extensions"][0].items() <= told["claim_extensions"][0].items()
    extension = ClaimExtension.objects.get()
    assert extension.granted_at is None  # that is for an operator to say
    assert extension.listeners.count() == 1
    assert asked["providers"][0].items() <= told["providers"][0].items()
    assert asked["temporary_access_pass"].items() <= told["temporary_access_pass"].items()


def test_twice_changes_nothing_the_second_time_and_audits_nothing() -> None:
    bring(DOCUMENT)
    events = AuditEvent.objects.count()
    assert bring(DOCUMENT) == []
    assert AuditEvent.objects.count() == events


def test_what_was_written_out_brings_in_nothing_new_and_restores_another_installation() -> None:
    bring(DOCUMENT)
    written = configuration.dump(configuration.export())
    assert bring(written) == []
    RecoveryProfile.objects.all().delete()
    ExtensionListener.objects.all().delete()
    ClaimExtension.objects.all().delete()
    AppRegistration.objects.all().delete()
    IdentityProvider.objects.all().delete()
    RecoveryPolicy.objects.all().delete()
    DirectoryGroup.objects.all().delete()
    TemporaryAccessPassPolicy.objects.all().delete()
    bring(written)
    assert configuration.dump(configuration.export()) == written


def test_a_dry_run_tells_the_same_and_changes_nothing() -> None:
    told = bring(DOCUMENT, dry_run=True)
    assert not DirectoryGroup.objects.exists()
    assert not AuditEvent.objects.exists()
    assert told == bring(DOCUMENT)
    assert "+ profiles Staff" in told
    assert "~ profiles Staff: mode: evaluation -> production" in told


def test_what_is_not_mentioned_stays() -> None:
    bring(DOCUMENT)
    assert bring("version: 1\nprofiles:\n- {name: Staff, priority: 7}") == ["~ profiles Staff: priority: 5 -> 7"]
    profile = RecoveryProfile.objects.get()
    assert (profile.mode, profile.face_check_threshold, profile.include_groups.count()) == ("production", 80, 1)
    assert DirectoryGroup.objects.count() == 2


def test_every_change_is_audited_by_the_flow_that_makes_it() -> None:
    bring(DOCUMENT)
    told = list(AuditEvent.objects.values_list("activity", "initiated_by_name"))
    for activity in (
        "Add group",
        "Identity verification provider registered",
        "Account Recovery policy created",
        "Account Recovery settings updated",
        "Authentication Methods Policy Update",
        "Configuration imported",
    ):
        assert (activity, "manage.py config") in told, activity


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("version: 1\nprofile: []", "unknown_key", "did you mean profiles?"),
        ("version: 1\nprofiles: [{name: X, faceCheckThreshold: 70}]", "unknown_key", "face_check_threshold"),
        ("version: 1\ntemporary_access_pass: {default_lifetime: 60}", "unknown_key", "default_lifetime_minutes"),
        ("version: 1\nproviders: [{name: X, client_secret: y}]", "unknown_key", "client_id"),
        ("version: 2", "invalid", "version"),
        ("{}", "invalid", "version"),
        ("", "wrong_type", "the document"),
        ("- a", "wrong_type", "the document"),
        ("version: 1\nversion: 1", "unreadable", "twice"),
        ("a: &a [x]\nb: *a", "unreadable", "aliases"),
        ("a: !!python/object/apply:os.system [id]", "unreadable", "python"),
        ("1: 2", "unreadable", "no text"),
        (
            "version: 1\nclaim_extensions: [{name: X, target_url: 'https://x.example/', claims: [{a: 1}]}]",
            "invalid",
            "Claims are chosen from the list",
        ),
        ("a: [", "unreadable", ""),
        ("a: !!bool maybe", "unreadable", ""),
        ("a: !!timestamp maybe", "unreadable", ""),
        ('a: !!int ""', "unreadable", ""),
        ("\x00", "unreadable", ""),
        ('version: 1\ngroups: [{name: "a\\0b"}]', "unreadable", "NUL"),
        ("version: 1\ngroups: [{name: " + "x" * 300 + "}]", "invalid", "display_name"),
        ("a: " + "x" * 1_000_001, "unreadable", "bytes"),
        ("version: 1\nprofiles: {}", "wrong_type", "profiles is not a list"),
        ("version: 1\nprofiles: [x]", "wrong_type", "profiles[0]"),
        ("version: 1\ngroups: [{description: x}]", "wrong_type", "name"),
        ("version: 1\ngroups: [{name: A}, {name: A}]", "invalid", "twice"),
        ("version: 1\nprofiles: [{name: X, provider: Nobody}]", "unknown_name", "there is no provider Nobody"),
        ("version: 1\nprofiles: [{name: X}]", "invalid", "provider is missing"),
        ("version: 1\nclaim_extensions: [{name: X}]", "invalid", "is missing"),
        ("version: 1\nclaim_extensions: [{name: X, target_url: 'http://x.example'}]", "invalid", "X"),
        ("version: 1\nclaim_extensions: [{name: X, target_url: nowhere}]", "invalid", "target_url"),
        ("version: 1\nexcluded_groups: [Nobody]", "unknown_name", "there is no group Nobody"),
        ("version: 1\ntemporary_access_pass: {default_length: 4}", "invalid", "default_length"),
        ("version: 1\ntemporary_access_pass: {default_length: true}", "wrong_type", "is not a number"),
        ("version: 1\ntemporary_access_pass: {default_length: '8'}", "wrong_type", "is not a number"),
        ("version: 1\ntemporary_access_pass: {state: perhaps}", "invalid", "state"),
        ("version: 1\ntemporary_access_pass: {minimum_lifetime_minutes: 400}", "invalid", "default lifetime"),
        ("version: 1\nproviders: [{name: X, issuer: nowhere, client_id: y}]", "invalid", "issuer"),
        ("version: 1\nproviders: [{name: X, issuer: 'https://x.example', client_id: y, allowed_vcts: [1]}]", "invalid",
         ""),
        ("version: 1\nproviders: [{name: X, issuer: 'https://x.example', client_id: y, allowed_vcts: [a],"
         " trusted_certificates: none}]", "invalid", "PEM"),
        ("version: 1\nproviders: [{name: X, issuer: 'https://x.example', client_id: y, allowed_vcts: [a],"
         " pinned_algorithms: [none]}]", "invalid", "ES256"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_where_it_stands(text: str, code: str, told: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        bring(text)
    assert refused.value.code == code
    assert told in refused.value.reason


def test_a_fault_at_the_end_undoes_the_beginning() -> None:
    with pytest.raises(ConfigRefused):
        bring(DOCUMENT.replace("default_lifetime_minutes: 120", "default_lifetime_minutes: 9999"))
    assert not DirectoryGroup.objects.exists()
    assert not RecoveryProfile.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_document_asks_for_more_caution_and_never_for_less() -> None:
    bring("version: 1\nswitch_to_production: {approval_required: true, evaluations_required: 3}")
    assert bring("version: 1\nswitch_to_production: {evaluations_required: 5}")
    for lower in ("approval_required: false", "evaluations_required: 4"):
        with pytest.raises(ConfigRefused, match="in the console only"):
            bring(f"version: 1\nswitch_to_production: {{{lower}}}")
    with pytest.raises(ConfigRefused, match="must succeed first"):
        bring(DOCUMENT)
    assert bring(DOCUMENT.replace("mode: production", "mode: evaluation"))


def test_two_groups_of_one_name_are_refused() -> None:
    for _ in range(2):
        DirectoryGroup.objects.create(display_name="Staff")
    with pytest.raises(ConfigRefused, match="ambiguous_name"):
        bring("version: 1\nexcluded_groups: [Staff]")


def test_no_secret_leaves_the_house(settings: Any) -> None:
    bring(DOCUMENT)
    make_person("bob@contoso.example")
    written = configuration.dump(configuration.export())
    for secret in (settings.SECRET_KEY, settings.VAULT_KEY, "bob@contoso.example", "secret", "password", "passcode"):
        assert secret not in written


class TestCommand:
    def run(self, *arguments: str) -> str:
        out = io.StringIO()
        call_command("config", *arguments, stdout=out)
        return out.getvalue()

    def test_out_and_in_by_file(self, tmp_path: Path, clock: Clock) -> None:
        bring(DOCUMENT)
        file = tmp_path / "portal.yaml"
        file.write_text(self.run("export"), encoding="utf-8")
        assert self.run("import", str(file)) == "Nothing differs.\n"
        file.write_text(file.read_text().replace("priority: 5", "priority: 6"))
        assert self.run("import", str(file), "--dry-run").endswith("1 would change.\n")
        assert RecoveryProfile.objects.get().priority == 5
        bob: User = make_person("bob@contoso.example", is_staff=True)
        assert "priority: 5 -> 6" in self.run("import", str(file), "--by", "bob@contoso.example")
        assert AuditEvent.objects.get(activity="Configuration imported", initiated_by=bob)

    @pytest.mark.parametrize(
        "arguments", [("import", "/nowhere/at/all"), ("import", "-", "--by", "nobody@contoso.example")]
    )
    def test_what_cannot_be_is_said_calmly(self, arguments: tuple[str, ...]) -> None:
        with pytest.raises(CommandError):
            self.run(*arguments)

    def test_bytes_that_are_no_text_are_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "x.yaml"
        file.write_bytes(b"\xff\xfe\x00")
        with pytest.raises(CommandError, match="Nothing was changed"):
            self.run("import", str(file))
