"""Changes that two agree on, verdicts that wait for their time, and the claims that somebody consented to."""

from django.db import migrations, models
from django.db.models import F, Q


def keep_what_was_granted(apps, schema_editor):
    extensions = apps.get_model("recovery", "ClaimExtension").objects
    extensions.filter(granted_at__isnull=False).update(granted_claims=F("claims"))


class Migration(migrations.Migration):
    dependencies = [("recovery", "0007_high_assurance")]

    operations = [
        migrations.AddField(
            model_name="claimextension",
            name="granted_claims",
            field=models.JSONField(blank=True, default=list, editable=False, verbose_name="claims granted"),
        ),
        migrations.AddField(
            model_name="recoveryattempt",
            name="verdict_due_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="recoveryattempt",
            name="verdict_json",
            field=models.JSONField(default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="proposal",
            name="change",
            field=models.JSONField(blank=True, default=dict, editable=False, verbose_name="change"),
        ),
        migrations.AlterField(
            model_name="proposal",
            name="kind",
            field=models.CharField(
                choices=[
                    ("production", "Switch to Production"),
                    ("change", "Change what is in Production"),
                    ("noApproval", "Do without approvals"),
                ],
                max_length=12,
                verbose_name="proposal",
            ),
        ),
        migrations.AlterField(
            model_name="recoverypolicy",
            name="approval_required",
            field=models.BooleanField(
                default=False,
                help_text="A switch to Production waits for another operator, and so does what lets more people recover there, or by less proof. Doing without it again does, too.",
                verbose_name="a second operator approves",
            ),
        ),
        migrations.RemoveConstraint(model_name="proposal", name="recovery_proposal_says_what"),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.CheckConstraint(
                condition=Q(kind="production", profile__isnull=False)
                | Q(kind="change")
                | Q(kind="noApproval", profile__isnull=True),
                name="recovery_proposal_says_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.UniqueConstraint(
                condition=Q(decision="pending", kind="change"), fields=("profile",), name="recovery_one_change"
            ),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.UniqueConstraint(
                condition=Q(decision="pending", kind="change", profile__isnull=True),
                fields=("kind",),
                name="recovery_one_change_of_exclusions",
            ),
        ),
        migrations.RunPython(keep_what_was_granted, migrations.RunPython.noop),
    ]
