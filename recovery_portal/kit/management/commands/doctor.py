"""``manage.py doctor``: says what is wrong with this installation; exit code 1 when something is."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from recovery_portal.kit import clock, doctor


class Command(BaseCommand):
    help = "Says in plain words what is wrong with this installation. Exit code 1 when there is a problem."
    # The doctor reports what the system checks say; they must not stop it from looking on.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        styles = {
            doctor.Level.OK: self.style.SUCCESS,
            doctor.Level.WARNING: self.style.WARNING,
            doctor.Level.PROBLEM: self.style.ERROR,
        }
        count = dict.fromkeys(doctor.Level, 0)
        for finding in doctor.examine(clock.now()):
            count[finding.level] += 1
            self.stdout.write(f"{styles[finding.level](f'{finding.level:8}')} {finding.subject}: {finding.sentence}")
        problems, warnings = count[doctor.Level.PROBLEM], count[doctor.Level.WARNING]
        if problems:
            self.stdout.write(f"{problems} to put right, {warnings} to think about.")
            sys.exit(1)
        self.stdout.write(f"Nothing is broken; {warnings} to think about." if warnings else "All is well.")
