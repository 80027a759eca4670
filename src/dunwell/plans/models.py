from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from dunwell.cases.models import Case, finite


class PromiseState(models.TextChoices):
    OPEN = "open", "Open"
    KEPT = "kept", "Kept"
    PARTLY_KEPT = "partly_kept", "Partly kept"
    BROKEN = "broken", "Broken"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Promise(models.Model):
    """A cardholder's word that an amount will arrive by a day.

    Kept or broken by the day's run from payments alone.
    """

    State = PromiseState

    case = models.ForeignKey(Case, models.PROTECT, related_name="promises")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    due_on = models.DateField()
    # The last day on which money still counts: due_on and the working days of grace,
    # fixed when the promise is taken so that a later calendar cannot move it.
    counts_until = models.DateField()
    tolerance_minor = models.BigIntegerField()
    method = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=11, choices=State, default=State.OPEN)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    taken_at = models.DateTimeField()
    taken_on = models.DateField()  # business date in the portfolio's zone
    paid_minor = models.BigIntegerField(default=0)
    decided_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="promise_amount_positive", condition=Q(amount_minor__gt=0)),
            models.UniqueConstraint(
                name="promise_one_open_per_case", fields=["case"], condition=Q(state="open")
            ),
            models.CheckConstraint(
                name="promise_state_is_known", condition=Q(state__in=PromiseState.values)
            ),
            models.CheckConstraint(
                name="promise_dates_are_finite",
                condition=finite(
                    days=["due_on", "counts_until", "taken_on", "decided_on"], moments=["taken_at"]
                ),
            ),
            models.CheckConstraint(
                name="promise_due_after_taking", condition=Q(due_on__gte=F("taken_on"))
            ),
            models.CheckConstraint(
                name="promise_grace_after_due", condition=Q(counts_until__gte=F("due_on"))
            ),
            models.CheckConstraint(
                name="promise_tolerance_below_amount",
                condition=Q(tolerance_minor__gte=0, tolerance_minor__lt=F("amount_minor")),
            ),
            models.CheckConstraint(
                name="promise_decided_has_a_day",
                condition=Q(state="open", decided_on=None)
                | (~Q(state="open") & Q(decided_on__isnull=False)),
            ),
        ]
        indexes = [
            # The day's run that keeps or breaks promises reads only these.
            models.Index(
                fields=["counts_until"], name="promise_open_due", condition=Q(state="open")
            ),
        ]
