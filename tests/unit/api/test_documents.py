"""The committed OpenAPI document, and the page made of it."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

ROOT = Path(__file__).parents[3]


def test_the_committed_document_is_the_one_the_code_makes(tmp_path: Path) -> None:
    """After a change: `make openapi` writes it anew."""
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(made), validate=True, fail_on_warn=True)
    assert made.read_text() == (ROOT / "docs" / "openapi.yaml").read_text()


@pytest.mark.django_db
def test_the_page_lists_every_operation_without_a_script_of_somebody_else(client: Client) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    text = page.content.decode()
    assert "POST /v1.0/users/{key}/authentication/temporaryAccessPassMethods" in text
    assert "UserAuthMethod-TAP.ReadWrite.All" in text
    assert "https://" not in text
    assert "'unsafe" not in page["Content-Security-Policy"]
    assert client.get("/api/schema").status_code == 200
