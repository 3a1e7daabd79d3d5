from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recovery", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="recoveryprofile",
            name="still_head_allowed",
            field=models.BooleanField(
                default=True,
                help_text="For people who cannot turn their head or close their eyes. The check is as strict as the other.",
                verbose_name="camera may move instead of the head",
            ),
        ),
    ]
