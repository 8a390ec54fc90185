from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from agencies.changes import rights_changed
        from notifications import preferences, push

        rights_changed.connect(lambda agency, **_: push.nudge(agency, 0), weak=False, dispatch_uid="wake sockets")
        rights_changed.connect(
            lambda agency, **_: preferences.forget_ended(agency), weak=False, dispatch_uid="forget who has left"
        )
