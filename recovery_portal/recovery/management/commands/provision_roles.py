"""``manage.py provision_roles``: the administrator roles as groups."""

from typing import Any

from django.core.management.base import BaseCommand

from recovery_portal.recovery import roles


class Command(BaseCommand):
    help = "Make or refresh the groups of the administrator roles. Changes no member; may run again at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        made = roles.provision()
        self.stdout.write(f"{len(roles.ROLES)} roles, {made} of them new: {', '.join(roles.ROLES)}")
