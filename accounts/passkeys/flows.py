"""What a person does with passkeys: begin, register, sign in, rename, remove."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.errors import MethodRefused, RegistrationRefused
from accounts.flows import announce_registration, checked_name
from accounts.models import User
from accounts.operators import Operator
from accounts.passkeys import ceremony, policing
from accounts.passkeys.ceremony import CeremonyRefused, RelyingParty
from accounts.passkeys.models import Passkey, PasskeyChallenge
from recovery_portal.kit import tokens

METHOD = "fido2"
CHALLENGE_BYTES = 32
CHALLENGE_LIFETIME = timedelta(minutes=5)
MAX_PASSKEYS = 10


def relying_party() -> RelyingParty:
    return RelyingParty(id=settings.WEBAUTHN_RP_ID, origins=tuple(settings.WEBAUTHN_ORIGINS))


def begin_sign_in(*, browser: str, at: datetime) -> dict[str, Any]:
    """Options for `navigator.credentials.get`. The same for everybody: no list of credentials says who has any
    (WebAuthn L3 §14.6.2)."""
    return {
        "challenge": _ask(PasskeyChallenge.Ceremony.SIGN_IN, browser=browser, user=None, at=at),
        "rpId": settings.WEBAUTHN_RP_ID,
        "timeout": int(CHALLENGE_LIFETIME.total_seconds() * 1000),
        "userVerification": "required",
        "allowCredentials": [],
    }


def begin_registration(
    *, user: User, browser: str, at: datetime, lifetime: timedelta = CHALLENGE_LIFETIME
) -> dict[str, Any]:
    """Options for `navigator.credentials.create`. Raises RegistrationRefused when the user has too many, or none are
    for them."""
    policing.check_may_register(user)
    if user.passkeys.on_file().count() >= MAX_PASSKEYS:
        raise RegistrationRefused("too_many_passkeys", f"{MAX_PASSKEYS} passkeys on file")
    return {
        "challenge": _ask(PasskeyChallenge.Ceremony.REGISTRATION, browser=browser, user=user, at=at, lifetime=lifetime),
        "rp": {"id": settings.WEBAUTHN_RP_ID, "name": settings.ORGANISATION_NAME},
        "user": {
            "id": ceremony.encode(user_handle(user)),
            "name": user.user_principal_name,
            "displayName": user.get_full_name(),
        },
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm.value} for algorithm in ceremony.ALGORITHMS],
        "timeout": int(CHALLENGE_LIFETIME.total_seconds() * 1000),
        "attestation": "none",
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        # §13.4.6: the authenticator that already holds one of ours says so instead of making a second
        "excludeCredentials": [
            {"type": "public-key", "id": ceremony.encode(bytes(key.credential_id)), "transports": key.transports}
            for key in user.passkeys.on_file()
        ],
        "extensions": {"credProps": True},
    }


def register(
    *, user: User, answer_text: str, name: str, browser: str, at: datetime, by: Operator | None = None
) -> Passkey:
    """Verify what the authenticator made and keep it. Raises RegistrationRefused; the challenge is spent either way.

    `by` is set where somebody else than the user provisions it.
    """
    try:
        answer = ceremony.read_answer(answer_text)
        _burn(answer.challenge, PasskeyChallenge.Ceremony.REGISTRATION, browser=browser, user=user, at=at)
        made = ceremony.verify_registration(answer, relying_party=relying_party(), expected_challenge=answer.challenge)
        policing.check_may_keep(user, made.aaguid)
    except CeremonyRefused as refusal:
        raise RegistrationRefused(refusal.code, refusal.reason) from refusal
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # the limit holds for two browsers at once, too
        if user.passkeys.on_file().count() >= MAX_PASSKEYS:
            raise RegistrationRefused("too_many_passkeys", f"{MAX_PASSKEYS} passkeys on file")
        try:
            with transaction.atomic():
                passkey = Passkey.objects.create(
                    user=user,
                    name=checked_name(name),
                    credential_id=made.credential_id,
                    public_key=made.public_key,
                    sign_count=made.sign_count,
                    aaguid=made.aaguid,
                    transports=made.transports,
                    backup_eligible=made.backup_eligible,
                    backed_up=made.backed_up,
                    created_at=at,
                )
        except IntegrityError as error:
            # §7.1 step 26: never move a credential id from one account, or one life, to another
            raise RegistrationRefused("credential_known", "this credential id is on file") from error
        announce_registration(user=user, method=METHOD, label=passkey.name, at=at, by=by)
    return passkey


def verify(*, owner: User | None, answer_text: str, browser: str, at: datetime) -> Passkey:
    """Whose passkey made this assertion? With `owner`, it must be theirs.

    The challenge is spent first, whatever follows. Raises MethodRefused.
    """
    try:
        answer = ceremony.read_answer(answer_text)
        _burn(answer.challenge, PasskeyChallenge.Ceremony.SIGN_IN, browser=browser, user=None, at=at)
        passkey = (
            Passkey.objects.usable()
            .select_related("user")
            .filter(credential_id=answer.credential_id, user__account_enabled=True)
            .first()
        )
        if passkey is None:
            raise MethodRefused("unknown_credential", "no usable passkey has this id")
        if owner is not None and passkey.user_id != owner.pk:
            raise MethodRefused("other_account", "a passkey of another account than the one named")
        policing.check_may_use(passkey)
        proof = ceremony.verify_assertion(
            answer,
            relying_party=relying_party(),
            expected_challenge=answer.challenge,
            expected_user_handle=user_handle(passkey.user),
            public_key=bytes(passkey.public_key),
            sign_count=passkey.sign_count,
            backup_eligible=passkey.backup_eligible,
        )
    except CeremonyRefused as refusal:
        raise MethodRefused(refusal.code, refusal.reason) from refusal
    moved = Passkey.objects.usable().filter(pk=passkey.pk, sign_count=passkey.sign_count)
    if not moved.update(sign_count=proof.sign_count, backed_up=proof.backed_up, last_used_at=at):
        raise MethodRefused("stale_counter", "the counter was moved by another assertion meanwhile")
    return passkey


def user_handle(user: User) -> bytes:
    """Stable and opaque (WebAuthn L3 §14.6.1): the object id, which says nothing about the person."""
    return user.pk.bytes


def _ask(
    ceremony_kind: str, *, browser: str, user: User | None, at: datetime, lifetime: timedelta = CHALLENGE_LIFETIME
) -> str:
    challenge = ceremony.encode(secrets.token_bytes(CHALLENGE_BYTES))
    PasskeyChallenge.objects.create(
        challenge_digest=tokens.digest(challenge),
        ceremony=ceremony_kind,
        browser_digest=tokens.digest(browser),
        user=user,
        created_at=at,
        expires_at=at + lifetime,
    )
    return challenge


def _burn(challenge: str, ceremony_kind: str, *, browser: str, user: User | None, at: datetime) -> None:
    """Spend the challenge in the same statement that looks for it. Raises CeremonyRefused."""
    spent = PasskeyChallenge.objects.filter(
        challenge_digest=tokens.digest(challenge),
        ceremony=ceremony_kind,
        browser_digest=tokens.digest(browser),
        user=user,
        used_at=None,
        expires_at__gt=at,
    ).update(used_at=at)
    if not spent:
        raise CeremonyRefused("wrong_challenge", "not asked of this browser, expired, or answered before")
