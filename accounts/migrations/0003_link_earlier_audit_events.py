from django.db import migrations

from accounts.audit.chain import link_of, mac_of


def link_all(apps, schema_editor):
    """The chain begins with what is there: earlier changes cannot be found, later ones can."""
    AuditEvent = apps.get_model("accounts", "AuditEvent")
    Head = apps.get_model("accounts", "AuditChainHead")
    head, batch = Head(id=1), []
    for event in AuditEvent.objects.order_by("at", "id").iterator(chunk_size=1000):
        event.mac = mac_of(event)
        head.sequence += 1
        head.link = link_of(head.link, event.mac, head.sequence)
        event.sequence, event.link = head.sequence, head.link
        batch.append(event)
        if len(batch) == 1000:
            AuditEvent.objects.bulk_update(batch, ["mac", "sequence", "link"])
            batch = []
    AuditEvent.objects.bulk_update(batch, ["mac", "sequence", "link"])
    head.save(force_insert=True)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_audit_chain")]

    operations = [migrations.RunPython(link_all, migrations.RunPython.noop)]
