import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("provider", "0002_challenge_nonce_and_weight"),
    ]

    operations = [
        migrations.CreateModel(
            name="WalletClient",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("client_id", models.CharField(max_length=255, unique=True)),
                ("name", models.CharField(max_length=100)),
                ("redirect_uris", models.JSONField(default=list)),
                ("enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="accesstoken",
            name="client_id",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name="accesstoken",
            name="dpop_jkt",
            field=models.CharField(blank=True, max_length=43),
        ),
        migrations.AddField(
            model_name="accesstoken",
            name="identifiers",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="credentialoffer",
            name="configuration_id",
            field=models.CharField(default="VerifiedIdentity", max_length=60),
        ),
        migrations.AddField(
            model_name="credentialoffer",
            name="is_denied",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="credentialoffer",
            name="ready_after_s",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="providerkey",
            name="use",
            field=models.CharField(
                choices=[
                    ("root", "development CA"),
                    ("credential", "credentials and status lists"),
                    ("result", "proofing results"),
                    ("encryption", "requests that wallets encrypt"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="DeferredIssuance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("transaction_digest", models.CharField(max_length=64, unique=True)),
                ("holder_jwks", models.JSONField()),
                ("ready_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "offer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deferral",
                        to="provider.credentialoffer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WalletAuthorization",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reference_digest", models.CharField(max_length=64, unique=True)),
                ("redirect_uri", models.CharField(max_length=500)),
                ("client_state", models.CharField(blank=True, max_length=2048)),
                ("code_challenge", models.CharField(max_length=43)),
                ("dpop_jkt", models.CharField(blank=True, max_length=43)),
                ("configuration_id", models.CharField(max_length=60)),
                ("wants_identifiers", models.BooleanField(default=False)),
                ("issuer_state_digest", models.CharField(blank=True, max_length=64)),
                ("pushed_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("opened_at", models.DateTimeField(blank=True, null=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("code_digest", models.CharField(blank=True, max_length=64, null=True, unique=True)),
                ("code_expires_at", models.DateTimeField(blank=True, null=True)),
                ("code_used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "offer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="authorizations",
                        to="provider.credentialoffer",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="authorizations",
                        to="provider.walletclient",
                    ),
                ),
            ],
        ),
    ]
