"""Custom authentication extensions set up for a test, through the same flows as an operator's."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.operators import Operator
from recovery_portal.recovery.flows import extending
from recovery_portal.recovery.models import ClaimExtension
from recovery_portal.testing import wishes

from . import seeding


@transaction.atomic
def seed_extension(wanted: wishes.NewExtension, *, at: datetime) -> ClaimExtension:
    """With its listener, and granted. Raises ExtensionRefused."""
    fields = asdict(wanted)
    name = fields.pop("name")
    # Rights are granted by a person, and stand in the audit under their name.
    by: User = seeding.seed_operator(wishes.NewOperator(), at=at)[0]
    extension = ClaimExtension.objects.filter(display_name=name).first()
    if extension is None:
        fields["display_name"] = name
        extension = extending.create_extension(fields=fields, by=Operator(user=by), at=at, with_listener=True)
    else:
        extending.change_extension(extension=extension, fields=fields, by=Operator(user=by), at=at)
    extending.grant_extension(extension=extension, by=by, at=at)
    return extension
