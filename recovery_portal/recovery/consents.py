"""The version of what people agree to. Change it with the wording of ``templates/recovery/_consent_*.html``."""

TEXT_VERSION = "2026-11"
