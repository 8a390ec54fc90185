from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.models.signals import post_save

        from agencies.changes import hours_changed
        from agencies.models import Agency
        from referrals import clocks, standing

        post_save.connect(standing.begin_lists, sender=Agency, dispatch_uid="each agency has lists")
        hours_changed.connect(lambda agency, **_: clocks.rehour(agency), weak=False, dispatch_uid="clocks run anew")
