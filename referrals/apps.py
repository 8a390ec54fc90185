from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from agencies.changes import hours_changed
        from referrals import clocks

        hours_changed.connect(lambda agency, **_: clocks.rehour(agency), weak=False, dispatch_uid="clocks run anew")
