"""``make bench``: what each costly step takes, as a ratio against the bare engine in the same run.

Ratios travel between machines; absolute figures are for this one. Both sides of a ratio run alternately, so that a busy
moment slows both.
"""

import os

import django
from django.test.utils import setup_databases, setup_test_environment, teardown_databases

from tests.bench.report import Report


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = (
        "recovery_portal.testing.settings"  # those of the tests hash passwords too quickly
    )
    django.setup()
    from tests.bench import credentials, kit, measures, readiness  # models need the settings

    setup_test_environment(debug=False)
    kept = setup_databases(verbosity=0, interactive=False)
    report = Report()
    try:
        for measure in (
            kit.whole_recoveries,  # before those that take clock, queue and origins into their own hands
            measures.face_check,
            measures.presentation,
            credentials.issue,
            credentials.verify_beside_others,
            measures.transition,
            measures.sign_in,
            readiness.ten_thousand_people,
        ):
            measure(report)
    finally:
        teardown_databases(kept, verbosity=0)
    report.print()


if __name__ == "__main__":
    main()
