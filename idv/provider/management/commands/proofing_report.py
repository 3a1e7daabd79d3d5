"""What the provider found in one proofing, for its operator. No name, no image: none is kept."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from idv.provider.models import ProofingSession


class Command(BaseCommand):
    help = "Print the events, decisions and checks of a proofing as JSON, by its proofingReference."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference")

    def handle(self, *args: Any, **options: Any) -> None:
        proofing = ProofingSession.objects.filter(reference=options["reference"]).first()
        if proofing is None:
            raise CommandError("No proofing has this reference, or it is older than the records are kept.")
        decisions = [
            {
                "round": decision.round,
                "outcome": decision.outcome,
                "reason_code": decision.reason_code,
                "decided_at": decision.decided_at.isoformat(),
                "score": decision.score,
                "threshold": decision.threshold,
                "engine": decision.engine,
                "engine_version": decision.engine_version,
                "calibration": decision.calibration,
                "milliseconds": decision.milliseconds,
                "checks": list(decision.checks.values("name", "ok", "reason_code", "weight")),
            }
            for decision in proofing.decisions.order_by("round")
        ]
        events = [
            {"event": e.event, "source": e.source, "target": e.target, "at": e.at.isoformat(), "reason": e.reason}
            for e in proofing.events.all()
        ]
        report = {
            "relying_party": proofing.relying_party.client_id,
            "state": proofing.state,
            "verdict": proofing.verdict,
            "reason_code": proofing.reason_code,
            "events": events,
            "decisions": decisions,
        }
        self.stdout.write(json.dumps(report, indent=2))
