from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("provider", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="proofingsession",
            name="challenge_nonce",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="decisioncheck",
            name="weight",
            field=models.CharField(
                choices=[("decisive", "Decisive"), ("retake", "Retake"), ("noted", "Noted")],
                default="decisive",
                max_length=8,
            ),
        ),
    ]
