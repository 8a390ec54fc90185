from django.apps import AppConfig


class CoordinationConfig(AppConfig):
    name = "coordination"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from coordination import verifying as exports
        from coordination.models import Export
        from referrals import verifying

        verifying.also_logged(Export, at="look__at", check=exports.verify)
