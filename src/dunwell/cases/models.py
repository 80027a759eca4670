from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from dunwell.parties.models import ContactPoint, Party, Portfolio
from dunwell.staff.models import Team


class CaseEnd(models.TextChoices):
    CURED = "cured", "Cured"
    PAID = "paid", "Paid"
    SETTLED = "settled", "Settled"
    SOLD = "sold", "Sold"
    WITHDRAWN = "withdrawn", "Withdrawn"
    DECEASED_NO_ESTATE = "deceased_no_estate", "Deceased, no estate"
    UNCOLLECTABLE = "uncollectable", "Uncollectable"


class CaseStage(models.TextChoices):
    PRE_DUE = "pre_due", "Before due"
    EARLY = "early", "Early"
    MID = "mid", "Mid"
    LATE = "late", "Late"
    RECOVERY = "recovery", "Recovery"


class CaseTrack(models.TextChoices):
    SELF_SERVE = "self_serve", "Self-service"
    DESK = "desk", "Desk"
    FIELD = "field", "Field"
    AGENCY = "agency", "Agency"
    LEGAL = "legal", "Legal"


class HoldKind(models.TextChoices):
    DISPUTE = "dispute", "Dispute"
    COMPLAINT = "complaint", "Complaint"
    PLAN_ACTIVE = "plan_active", "Plan being kept"
    HARDSHIP_REVIEW = "hardship_review", "Hardship review"
    VULNERABLE = "vulnerable", "Vulnerable"
    DEBT_RESPITE = "debt_respite", "Debt respite"
    BANKRUPT = "bankrupt", "Bankrupt"
    DECEASED = "deceased", "Deceased"
    INCAPACITATED = "incapacitated", "Incapacitated"
    REPRESENTED = "represented", "Represented by a lawyer"
    CEASE_REQUESTED = "cease_requested", "Asked us to stop"
    IDENTITY_THEFT = "identity_theft", "Identity theft"
    WRONG_PARTY = "wrong_party", "Wrong party"
    LITIGATION = "litigation", "Litigation"
    LEGAL_HOLD = "legal_hold", "Legal hold"
    MANUAL = "manual", "Manual"


_DAYS = (date.min, date.max)
_MOMENTS = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def finite(*, days: Sequence[str] = (), moments: Sequence[str] = ()) -> Q:
    """Return the condition that dates and moments are none of PostgreSQL's infinities."""
    whole = Q()
    for names, ends in ((days, _DAYS), (moments, _MOMENTS)):
        for name in names:
            whole &= Q(**{f"{name}__range": ends}) | Q(**{name: None})
    return whole


class Case(models.Model):
    """The collection work on one cardholder of one portfolio, over all his accounts."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    ClosedAs = CaseEnd

    Stage = CaseStage

    Track = CaseTrack

    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="+", db_index=False)
    party = models.ForeignKey(Party, models.PROTECT, related_name="cases", db_index=False)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    closed_as = models.CharField(max_length=18, choices=ClosedAs, blank=True)
    opened_on = models.DateField()
    closed_on = models.DateField(null=True)

    # What the day found. DPD is derived: business date less oldest_unpaid_due_on.
    bucket = models.PositiveSmallIntegerField()
    oldest_unpaid_due_on = models.DateField(null=True)
    stage = models.CharField(max_length=8, choices=Stage)

    # What the day's strategy chose, and why: table, version and row.
    track = models.CharField(max_length=10, choices=Track, blank=True)
    segment = models.CharField(max_length=40, blank=True)
    treatment = models.CharField(max_length=40, blank=True)
    queue = models.CharField(max_length=32, blank=True)
    priority = models.SmallIntegerField(default=0)
    propensity_ppm = models.IntegerField(null=True)
    score_reasons = models.CharField(max_length=120, blank=True)  # codes, comma-separated
    arm = models.CharField(max_length=32, blank=True)
    table_code = models.CharField(max_length=32, blank=True)
    table_version = models.PositiveIntegerField(null=True)
    table_row = models.PositiveIntegerField(null=True)
    next_step_on = models.DateField(null=True)

    # Who works it.
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+", db_index=False)
    collector = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )

    # What collectors learned.
    last_outcome = models.CharField(max_length=24, blank=True)
    last_worked_at = models.DateTimeField(null=True)
    last_rpc_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    follow_up_at = models.DateTimeField(null=True)  # a call-back that was agreed
    reason = models.CharField(max_length=24, blank=True)  # of delinquency
    willingness = models.PositiveSmallIntegerField(null=True)  # 1 none .. 4 full
    ability = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "party"],
                condition=Q(state="open"),
                name="case_one_open_per_cardholder",
            ),
            models.CheckConstraint(
                name="case_closed_has_reason_and_day",
                condition=Q(state="open", closed_as="", closed_on=None)
                | (Q(state="closed", closed_on__isnull=False) & ~Q(closed_as="")),
            ),
            models.CheckConstraint(
                name="case_bucket_is_m0_to_m7", condition=Q(bucket__gte=0, bucket__lte=7)
            ),
            models.CheckConstraint(
                name="case_collector_has_a_team",
                condition=Q(collector=None) | Q(team__isnull=False),
            ),
            models.CheckConstraint(
                name="case_closes_after_it_opens",
                condition=Q(closed_on=None) | Q(closed_on__gte=F("opened_on")),
            ),
            models.CheckConstraint(
                name="case_grades_are_one_to_four",
                condition=(Q(willingness=None) | Q(willingness__range=(1, 4)))
                & (Q(ability=None) | Q(ability__range=(1, 4))),
            ),
            models.CheckConstraint(
                name="case_words_are_known",
                condition=Q(
                    closed_as__in=["", *CaseEnd.values],
                    stage__in=CaseStage.values,
                    track__in=["", *CaseTrack.values],
                ),
            ),
            models.CheckConstraint(
                name="case_dates_are_finite",
                condition=finite(
                    days=["opened_on", "closed_on", "oldest_unpaid_due_on", "next_step_on"],
                    moments=["last_worked_at", "last_rpc_at", "follow_up_at"],
                ),
            ),
        ]
        indexes = [
            # A collector's worklist and Next, best first.
            models.Index(
                fields=["collector", "-priority", "oldest_unpaid_due_on", "id"],
                name="case_worklist",
                condition=Q(state="open"),
            ),
            # What waits for whoever asks Next.
            models.Index(
                fields=["team", "-priority", "oldest_unpaid_due_on", "id"],
                include=["queue"],
                name="case_pool",
                condition=Q(state="open", collector=None),
            ),
            # Call-backs that were agreed on what waits.
            models.Index(
                fields=["team", "follow_up_at"],
                name="case_pool_callback",
                condition=Q(state="open", collector=None, follow_up_at__isnull=False),
            ),
            # The lead's list.
            models.Index(
                fields=["team", "-priority", "oldest_unpaid_due_on", "id"],
                name="case_team_list",
                condition=Q(state="open"),
            ),
            models.Index(fields=["party"], name="case_party"),
            models.Index(fields=["closed_on"], name="case_closed_on", condition=Q(state="closed")),
        ]


class Entry(models.Model):
    """One line of a case's timeline; append-only by trigger, TRUNCATE included."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="entries", db_index=False)
    kind = models.CharField(max_length=32)
    business_date = models.DateField()
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=12, blank=True)
    contact_point = models.ForeignKey(
        ContactPoint, models.PROTECT, null=True, related_name="+", db_index=False
    )
    outcome = models.CharField(max_length=24, blank=True)
    note = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            # What the day's run writes it writes once: a second run adds nothing.
            models.UniqueConstraint(
                fields=["case", "business_date", "kind"],
                condition=Q(actor=None),
                name="entry_of_the_day_once",
            ),
            models.CheckConstraint(
                name="entry_dates_are_finite",
                condition=finite(days=["business_date"], moments=["happened_at", "recorded_at"]),
            ),
        ]
        indexes = [models.Index(fields=["case", "-id"], name="entry_timeline")]


class Lease(models.Model):
    """Who has a case in hand now; it expires by itself."""

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="lease")
    holder = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="lease")
    taken_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="lease_ends", condition=finite(moments=["taken_at", "until"])
            )
        ]
        indexes = [models.Index(fields=["until"], name="lease_until")]


class Hold(models.Model):
    """A reason not to act, with start, end or review date, and evidence."""

    Kind = HoldKind

    party = models.ForeignKey(Party, models.PROTECT, related_name="holds", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind)
    from_on = models.DateField()
    until_on = models.DateField(null=True)  # half-open: the first day without it
    review_on = models.DateField(null=True)
    evidence = models.TextField(blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    lifted_on = models.DateField(null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["party", "kind"], condition=Q(lifted_on=None), name="hold_once_per_kind"
            ),
            models.CheckConstraint(
                name="hold_ends_after_it_begins",
                condition=Q(until_on=None) | Q(until_on__gt=F("from_on")),
            ),
            models.CheckConstraint(
                name="hold_kind_is_known", condition=Q(kind__in=HoldKind.values)
            ),
            models.CheckConstraint(
                name="hold_dates_are_finite",
                condition=finite(days=["from_on", "until_on", "review_on", "lifted_on"]),
            ),
        ]
