from __future__ import annotations

from django.db import models

from dunwell.accounts.models import Snapshot
from dunwell.parties.models import Portfolio


class StepRun(models.Model):
    """A step of a portfolio's business day that is done.

    Written in the transaction that did the work, so a step is either wholly done and
    on record or has left no trace.
    """

    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="+")
    day = models.DateField()
    step = models.CharField(max_length=16)
    # What the day stands on: its first step's, whatever is delivered until the last. Null
    # where the step ran before this was kept.
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, null=True, related_name="+")
    payments_to = models.BigIntegerField(null=True)  # no payment with a higher key is the day's
    inputs_sha256 = models.CharField(max_length=64)
    produced = models.JSONField(default=dict)  # name -> count
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portfolio", "day", "step"], name="step_once_a_day"),
        ]


class Figure(models.Model):
    """A key figure of a portfolio's business day, kept so that it can be reproduced."""

    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    name = models.CharField(max_length=32)  # bucket, roll, asset_class, promises, cash ...
    key = models.CharField(max_length=32)  # "3", "2>3", "kept"
    count = models.BigIntegerField()
    amount_minor = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "day", "name", "key"], name="figure_once_a_day"
            ),
        ]
