from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_contact_methods")]

    operations = [
        migrations.AddIndex(
            model_name="sentnotice",
            index=models.Index(fields=["at"], name="accounts_notice_by_time"),
        ),
    ]
