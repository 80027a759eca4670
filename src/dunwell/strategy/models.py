from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class TableVersion(models.Model):
    """One version of a decision table: draft, approved, in force from a day, retired.

    The rules are canonical JSON (``portfolio.tables``); once approved they never
    change, only a later version supersedes them (trigger).
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"
        RETIRED = "retired", "Retired"

    code = models.CharField(max_length=32)
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    rules = models.JSONField()
    sha256 = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    in_force_from = models.DateField(null=True)
    retired_from = models.DateField(null=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="table_version_once"),
            models.CheckConstraint(
                name="table_version_approved_by_another",
                condition=Q(approved_by=None) | Q(made_by=None) | ~Q(approved_by=F("made_by")),
            ),
            models.CheckConstraint(
                name="table_version_in_force_is_approved",
                condition=Q(state="draft", in_force_from=None)
                | (~Q(state="draft") & Q(in_force_from__isnull=False)),
            ),
            models.UniqueConstraint(
                fields=["code", "in_force_from"],
                condition=Q(state="approved"),
                name="table_version_one_a_day",
            ),
        ]
