from __future__ import annotations

from datetime import date

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from dunwell.parties.models import Party, Portfolio

_BUCKETS = Q(bucket__gte=0, bucket__lte=7)


def _readable(name: str, *columns: str) -> models.CheckConstraint:
    """Return the constraint that dates are finite, and of a year that everything can read."""
    condition = Q()
    for column in columns:
        within = Q(**{f"{column}__gte": date.min, f"{column}__lte": date.max})
        condition &= within | Q(**{f"{column}__isnull": True})
    return models.CheckConstraint(name=name, condition=condition)


class Account(models.Model):
    """One card account: what stays. What changes daily is its ``Position``."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        BLOCKED = "blocked", "Blocked"
        CLOSED = "closed", "Closed"
        CHARGED_OFF = "charged_off", "Charged off"
        FRAUD = "fraud", "Fraud"

    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="+", db_index=False)
    party = models.ForeignKey(Party, models.PROTECT, related_name="accounts")
    account_ref = models.CharField(max_length=64)
    product = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    opened_on = models.DateField()
    credit_limit_minor = models.BigIntegerField()
    card_last4 = models.CharField(max_length=4, blank=True)
    status = models.CharField(max_length=11, choices=Status)
    charged_off_on = models.DateField(null=True)
    # The bucket that the last business day found, null before the first; its history
    # is AccountBucket.
    bucket = models.PositiveSmallIntegerField(null=True)
    # One character a statement, newest first: N no use, P paid in full, R revolving,
    # 1-8 cycles past due. Feeds the scorecard; kept by the statement of each cycle.
    payment_profile = models.CharField(max_length=24, blank=True)
    profiled_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "account_ref"], name="account_once_per_portfolio"
            ),
            models.CheckConstraint(name="account_bucket_is_m0_to_m7", condition=_BUCKETS),
            models.CheckConstraint(
                name="account_limit_not_negative", condition=Q(credit_limit_minor__gte=0)
            ),
            models.CheckConstraint(
                name="account_card_last4_only", condition=Q(card_last4__regex=r"^([0-9]{4})?$")
            ),
            models.CheckConstraint(
                name="account_status_is_known",
                condition=Q(status__in=["open", "blocked", "closed", "charged_off", "fraud"]),
            ),
            _readable("account_dates_are_finite", "opened_on", "charged_off_on", "profiled_on"),
        ]


class AccountWas(models.Model):
    """An account as it was until a delivery changed it: what a day asks of it beside its position.

    Written with the change, for accounts that do change only, so that a day which is run
    after later deliveries came finds what it would have found before them.
    """

    pk = models.CompositePrimaryKey("account_id", "changed_on")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    # The account's, again: a day asks for those of its portfolio.
    portfolio = models.ForeignKey(
        Portfolio, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    changed_on = models.DateField()  # business date of the delivery
    party = models.ForeignKey(
        Party, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    opened_on = models.DateField()
    credit_limit_minor = models.BigIntegerField()
    status = models.CharField(max_length=11)
    payment_profile = models.CharField(max_length=24, blank=True)

    class Meta:
        constraints = [_readable("account_was_dates_are_finite", "changed_on", "opened_on")]
        indexes = [models.Index(fields=["portfolio", "changed_on"], name="account_was_changed")]


class Snapshot(models.Model):
    """The positions of a portfolio as one business day's file gave them.

    Each snapshot's positions are a partition of their own, so a day's million
    rows are written, checked and attached as one table.
    """

    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="snapshots")
    business_date = models.DateField()
    accounts = models.PositiveIntegerField()
    carried = models.PositiveIntegerField(default=0)
    totals = models.JSONField(default=dict)  # minor units by component

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "business_date"], name="snapshot_once_a_day"
            ),
            _readable("snapshot_day_is_finite", "business_date"),
        ]


class Position(models.Model):
    """An account's balances by component on a snapshot's day.

    Balance is principal + interest + fees + penalty, never stored beside its parts.
    DPD is not stored either: it is the business date less ``oldest_unpaid_due_on``.
    """

    pk = models.CompositePrimaryKey("snapshot_id", "account_id")
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    principal_minor = models.BigIntegerField()
    interest_minor = models.BigIntegerField()
    fees_minor = models.BigIntegerField()
    penalty_minor = models.BigIntegerField()
    past_due_minor = models.BigIntegerField()
    minimum_due_minor = models.BigIntegerField(null=True)
    statement_balance_minor = models.BigIntegerField(null=True)
    last_payment_minor = models.BigIntegerField(null=True)
    statement_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    oldest_unpaid_due_on = models.DateField(null=True)
    last_payment_on = models.DateField(null=True)
    cycles_past_due = models.SmallIntegerField(null=True)
    carried = models.BooleanField(default=False)
    # Of a carried position: business date of the delivery that its figures come from. Null
    # is the snapshot's own, and costs a day's million rows nothing.
    as_of = models.DateField(null=True)

    class Meta:
        managed = False  # partitioned: made in migration 0002_positions_are_partitioned
        db_table = "accounts_position"


class Payment(models.Model):
    """Money in, or its undoing; append-only by trigger.

    ``amount_minor`` is positive for every kind; ``effect_minor`` is what it does to
    what was paid: minus for a reversal or refund.
    """

    class Kind(models.TextChoices):
        PAYMENT = "payment", "Payment"
        REVERSAL = "reversal", "Reversal"
        REFUND = "refund", "Refund"
        ADJUSTMENT = "adjustment", "Adjustment"

    account = models.ForeignKey(Account, models.PROTECT, related_name="payments", db_index=False)
    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="+", db_index=False)
    payment_ref = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=Kind)
    amount_minor = models.BigIntegerField()
    effect_minor = models.GeneratedField(
        expression=models.Case(
            models.When(kind__in=["reversal", "refund"], then=-F("amount_minor")),
            default=F("amount_minor"),
            output_field=models.BigIntegerField(),
        ),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    value_on = models.DateField()
    posted_on = models.DateField()
    channel = models.CharField(max_length=32, blank=True)
    reverses_ref = models.CharField(max_length=64, blank=True)
    # The business date from which a day knows of it: its delivery's, or its posting's if later.
    known_on = models.DateField()
    delivery_id = models.BigIntegerField()  # intake.Delivery; above this app, so no key

    class Meta:
        constraints = [
            # Kept for ever: the same bank reference can never be posted twice.
            models.UniqueConstraint(fields=["portfolio", "payment_ref"], name="payment_once"),
            models.CheckConstraint(name="payment_amount_positive", condition=Q(amount_minor__gt=0)),
            models.CheckConstraint(
                name="payment_reversal_names_what_it_reverses",
                condition=~Q(kind="reversal") | ~Q(reverses_ref=""),
            ),
            models.UniqueConstraint(
                fields=["portfolio", "reverses_ref"],
                name="payment_reversed_once",
                condition=Q(kind="reversal"),
            ),
            models.CheckConstraint(
                name="payment_kind_is_known",
                condition=Q(kind__in=["payment", "reversal", "refund", "adjustment"]),
            ),
            models.CheckConstraint(
                name="payment_known_when_posted", condition=Q(known_on__gte=F("posted_on"))
            ),
            _readable("payment_dates_are_finite", "value_on", "posted_on", "known_on"),
        ]
        indexes = [
            models.Index(fields=["account", "value_on"], name="payment_account_value"),
            # The day reads what became known since the last one.
            models.Index(fields=["portfolio", "known_on"], name="payment_known"),
        ]


class AccountBucket(models.Model):
    """An account entered a bucket; append-only by trigger.

    It left when its next row begins. ``entered_on`` is the business date that found
    it; one row a day at most, so a day that runs twice adds nothing.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="buckets", db_index=False)
    entered_on = models.DateField()
    bucket = models.PositiveSmallIntegerField()
    was = models.PositiveSmallIntegerField(null=True)  # null: not seen before
    dpd = models.PositiveIntegerField()
    balance_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "entered_on"], name="account_bucket_once_a_day"
            ),
            models.CheckConstraint(name="account_bucket_row_is_m0_to_m7", condition=_BUCKETS),
            models.CheckConstraint(
                name="account_bucket_changes", condition=~Q(bucket=F("was")) | Q(was=None)
            ),
            models.CheckConstraint(
                name="account_bucket_came_from_m0_to_m7",
                condition=Q(was=None) | Q(was__gte=0, was__lte=7),
            ),
            _readable("account_bucket_day_is_finite", "entered_on"),
        ]
        indexes = [
            # Rows come in the order of days: a day's are side by side.
            BrinIndex(fields=["entered_on"], name="account_bucket_day", pages_per_range=32),
        ]
