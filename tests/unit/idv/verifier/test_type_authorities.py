"""Trust by certification authority, for each provider and for each credential type."""

from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from idv.credentials import certificates, jose, keys, trust
from idv.verifier.flows.answering import query_for
from idv.verifier.models import IdentityProvider, PresentationRequest, TypeAuthority

from .parties import Provider, WalletInHand, post


def pem(authority: Any) -> str:
    return str(authority.chain_pems()[0])


def answered(asked: PresentationRequest, wallet: WalletInHand, client: Client, at: datetime) -> tuple[int, str]:
    opened = wallet.fetch(asked, client, at)
    status = post(client, opened.response_uri, wallet.answer(opened, at)).status_code
    asked.refresh_from_db()
    return status, asked.reason_code


def test_an_authority_named_for_the_type_is_followed(
    row: IdentityProvider,
    provider: Provider,
    asked: PresentationRequest,
    wallet: WalletInHand,
    client: Client,
    at: datetime,
) -> None:
    TypeAuthority.objects.create(provider=row, vct=provider.vct, certificates=pem(provider.ca))
    assert answered(asked, wallet, client, at) == (200, "")


def test_wallets_are_told_whose_certificates_will_be_believed(
    row: IdentityProvider, provider: Provider, asked: PresentationRequest
) -> None:
    """OpenID4VP 1.0 section 6.1.1.1 (HAIP 1.0): ``aki``, and only when nothing else would be believed."""

    def told() -> Any:
        return query_for(PresentationRequest.objects.get(pk=asked.pk))["credentials"][0].get("trusted_authorities")

    assert told() is None, "published keys count: any hint would leave some out"
    row.trusted_certificates = pem(provider.ca)
    row.save()
    [hint] = told()
    issued = jose.peek(provider.credential(keys.generate()).partition("~")[0]).header
    assert (hint["type"], set(hint["values"])) == ("aki", trust.authorities_named_in(issued))


def test_v5_an_authority_for_the_type_stands_instead_of_the_providers(
    row: IdentityProvider,
    provider: Provider,
    asked: PresentationRequest,
    wallet: WalletInHand,
    client: Client,
    at: datetime,
) -> None:
    row.trusted_certificates = pem(provider.ca)
    row.save()
    another = certificates.development_ca("Another", at)
    TypeAuthority.objects.create(provider=row, vct=provider.vct, certificates=pem(another))
    assert answered(asked, wallet, client, at) == (400, "certificate_chain_untrusted")


def test_v5_published_keys_do_not_stand_in_for_the_types_authority(
    row: IdentityProvider,
    provider: Provider,
    asked: PresentationRequest,
    wallet: WalletInHand,
    client: Client,
    at: datetime,
) -> None:
    another = certificates.development_ca("Another", at)
    TypeAuthority.objects.create(provider=row, vct=provider.vct, certificates=pem(another))
    assert answered(asked, wallet, client, at) == (400, "certificate_chain_untrusted")


def test_an_authority_for_another_type_changes_nothing(
    row: IdentityProvider,
    provider: Provider,
    asked: PresentationRequest,
    wallet: WalletInHand,
    client: Client,
    at: datetime,
) -> None:
    another = certificates.development_ca("Another", at)
    TypeAuthority.objects.create(provider=row, vct="https://provider.test/credentials/Other", certificates=pem(another))
    assert answered(asked, wallet, client, at) == (200, "")


@pytest.mark.parametrize(
    "text", ["", "not a certificate", "é", "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----"]
)
def test_a_bundle_that_holds_none_is_refused_when_it_is_entered(row: IdentityProvider, text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAuthority(provider=row, vct="https://provider.test/x", certificates=text).clean()
