from __future__ import annotations

from django.conf import settings
from django.db import models


class Event(models.Model):
    """What was done by whom to what; append-only by trigger.

    ``kind`` is past tense with a prefix: ``plans.promise_taken``. Views of personal
    data are events too: ``parties.unmasked``.
    """

    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)  # "case:12"
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    data = models.JSONField(default=dict)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "-id"], name="event_subject"),
            models.Index(fields=["kind", "-id"], name="event_kind"),
        ]
