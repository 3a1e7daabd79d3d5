"""Setting up the provider for a test, and what it decided."""

from datetime import datetime

from django.conf import settings

from idv.provider.flows import parties
from idv.provider.models import ProofingDecision, ProofingSession
from recovery_portal.testing import shapes


def introduce_portal(*, at: datetime) -> None:
    """The installation's own portal as a relying party; harmless to repeat."""
    parties.register(
        client_id=settings.PORTAL_BASE_URL,
        name=settings.ORGANISATION_NAME,
        redirect_uris=[f"{settings.PORTAL_BASE_URL}/recover/return/"],
        jwks_uri=f"{settings.PORTAL_BASE_URL}/verifier/jwks",
        jwks=None,
        at=at,
    )


def find_proofing(reference: str) -> shapes.Proofing | None:
    """A proofing with its decisions; nothing personal in it."""
    row = ProofingSession.objects.filter(reference=reference).prefetch_related("decisions__checks").first()
    if row is None:
        return None
    decisions = sorted(row.decisions.all(), key=lambda one: one.round)
    return shapes.Proofing(
        reference=row.reference,
        state=row.state,
        verdict=row.verdict,
        reason=row.reason_code,
        decisions=[_decision(one) for one in decisions],
    )


def _decision(row: ProofingDecision) -> shapes.Decision:
    return shapes.Decision(
        round=row.round,
        outcome=row.outcome,
        reason=row.reason_code,
        decided_at=row.decided_at.isoformat(),
        score=row.score,
        threshold=row.threshold,
        engine=" ".join(filter(None, (row.engine, row.engine_version))),
        milliseconds=row.milliseconds,
        checks=[shapes.Check(check.name, check.ok, check.reason_code) for check in row.checks.all()],
    )
