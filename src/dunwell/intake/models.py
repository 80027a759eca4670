from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from dunwell.parties.models import Portfolio


class Delivery(models.Model):
    """One delivery of files: what came, what was found, what was done with it."""

    class State(models.TextChoices):
        APPLIED = "applied", "Applied"
        HELD = "held", "Held"
        REFUSED = "refused", "Refused"

    portfolio = models.ForeignKey(Portfolio, models.PROTECT, null=True, related_name="deliveries")
    business_date = models.DateField(null=True)
    name = models.CharField(max_length=200)  # as it was called, for people only
    sha256 = models.CharField(max_length=64)  # of manifest and files together
    state = models.CharField(max_length=8, choices=State)
    rows = models.PositiveIntegerField(default=0)
    rows_at_fault = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict)
    received_at = models.DateTimeField()
    seconds = models.DecimalField(max_digits=9, decimal_places=3, default=0)
    loaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    # Of a held one: where its files lie, and what became of it when somebody let it pass.
    source = models.TextField(default="")
    led_to = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sha256"], condition=Q(state="applied"), name="delivery_applied_once"
            ),
            models.UniqueConstraint(
                fields=["portfolio", "business_date"],
                condition=Q(state="applied"),
                name="delivery_one_a_day",
            ),
            models.CheckConstraint(
                name="delivery_applied_knows_portfolio_and_day",
                condition=~Q(state="applied")
                | Q(portfolio__isnull=False, business_date__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["-received_at"], name="delivery_received")]


class QuarantinedRow(models.Model):
    """A row that could not be taken in, kept whole until a person decides."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RELEASED = "released", "Released"
        DISMISSED = "dismissed", "Dismissed"

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="quarantine")
    file = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)  # customers, contacts, accounts, payments
    row = models.PositiveIntegerField()  # in the file; the header is row 1
    faults = models.JSONField()  # [{column, code, says, masked}]
    values = models.JSONField()  # canonical column -> text as delivered
    corrected = models.JSONField(null=True)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "file", "row"], name="quarantined_row_once"
            ),
            models.CheckConstraint(
                name="quarantined_row_decided_has_a_moment",
                condition=Q(state="waiting", decided_at=None)
                | (~Q(state="waiting") & Q(decided_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "delivery"], name="quarantine_waiting"),
        ]


class Mapping(models.Model):
    """How a source's own layout becomes the canonical one; YAML, kept per portfolio."""

    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="mappings")
    name = models.CharField(max_length=80)
    text = models.TextField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portfolio", "name"], name="mapping_name_once"),
        ]
