from django.db import models


class Publication(models.Model):
    """The tables of a period as they were first made. They never change: what is made anew could be subtracted."""

    period = models.CharField(max_length=7, primary_key=True)  # 2026, 2026-Q4
    tables = models.JSONField()  # as coordination/publishing.py writes it: what is shown, and nothing else
    made_at = models.DateTimeField()
