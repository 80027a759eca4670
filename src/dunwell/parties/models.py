from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Substr


class Issuer(models.Model):
    """Who is owed."""

    code = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class Portfolio(models.Model):
    """A set of accounts under one set of policies, one currency and one time zone."""

    class Ladder(models.TextChoices):
        CARD = "card", "Card: 90/120/180 days"
        GENERAL = "general", "General: 90/270/360 days"
        STRICTER = "stricter", "The stricter of both"

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="portfolios")
    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=2)
    # What most of its cardholders speak (primary subtag of BCP 47).
    language = models.CharField(max_length=12, default="zh")
    time_zone = models.CharField(max_length=64)
    # 容时 and 容差; 中国银行卡行业自律公约 art. 14: at least 3 days, at least 10 yuan.
    grace_days = models.PositiveSmallIntegerField(default=3)
    tolerance_minor = models.BigIntegerField(default=1000)
    ladder = models.CharField(max_length=8, choices=Ladder, default=Ladder.STRICTER)
    promise_grace_working_days = models.PositiveSmallIntegerField(default=1)
    promise_tolerance_minor = models.BigIntegerField(default=1000)
    promise_tolerance_bp = models.PositiveSmallIntegerField(default=100)
    # Rows at fault above this share refuse the whole delivery: parts per million.
    error_limit_ppm = models.PositiveIntegerField(default=1000)
    experiment_shares = models.JSONField(default=dict)  # arm -> basis points

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="portfolio_tolerances_not_negative",
                condition=Q(tolerance_minor__gte=0, promise_tolerance_minor__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Party(models.Model):
    """A cardholder of one portfolio: the debtor and what is known of him."""

    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="parties", db_index=False)
    customer_ref = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    # Lower-case pinyin (or the Latin name): lists are ordered by it, "C" collation.
    name_key = models.CharField(max_length=400, db_collation="C")
    id_type = models.CharField(max_length=32, blank=True)
    id_number = models.CharField(max_length=64, blank=True)
    birth_on = models.DateField(null=True)
    gender = models.CharField(max_length=1, blank=True)
    language = models.CharField(max_length=12, blank=True)
    country = models.CharField(max_length=2)
    region = models.CharField(max_length=80, blank=True)
    city = models.CharField(max_length=80, blank=True)
    postal_code = models.CharField(max_length=16, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    employer = models.CharField(max_length=200, blank=True)
    deceased = models.BooleanField(default=False)
    bankrupt = models.BooleanField(default=False)
    is_staff = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "customer_ref"], name="party_once_per_portfolio"
            ),
            models.CheckConstraint(name="party_has_a_name", condition=~Q(name="")),
        ]
        indexes = [
            # Latin names by any three letters. Trigrams know no Chinese in a database whose
            # letters are C's: there a name is found from each of its first three characters.
            GinIndex(OpClass(Lower("name"), name="gin_trgm_ops"), name="party_latin_name"),
            models.Index(
                OpClass(Substr("name", 2), name="text_pattern_ops"), name="party_given_name"
            ),
            models.Index(
                OpClass(Substr("name", 3), name="text_pattern_ops"), name="party_last_name_part"
            ),
            models.Index(fields=["name"], name="party_name", opclasses=["text_pattern_ops"]),
            models.Index(
                fields=["customer_ref"], name="party_ref", opclasses=["varchar_pattern_ops"]
            ),
        ]


class ContactPoint(models.Model):
    """A number, e-mail or address of a cardholder or of a person related to him."""

    class Role(models.TextChoices):
        DEBTOR = "debtor", "Debtor"
        GUARANTOR = "guarantor", "Guarantor"
        SUPPLEMENTARY = "supplementary", "Supplementary cardholder"
        RELATED = "related", "Related person"
        EMERGENCY = "emergency", "Emergency contact"
        OTHER = "other", "Unrelated third party"

    class Kind(models.TextChoices):
        MOBILE = "mobile", "Mobile"
        LANDLINE = "landline", "Landline"
        WORK_PHONE = "work_phone", "Work phone"
        EMAIL = "email", "E-mail"
        ADDRESS = "address", "Address"

    party = models.ForeignKey(Party, models.PROTECT, related_name="contact_points", db_index=False)
    role = models.CharField(max_length=16, choices=Role)
    person_name = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=12, choices=Kind)
    value = models.CharField(max_length=400)
    # The last four digits of a phone number, for search by phone ending.
    ending = models.CharField(max_length=4, blank=True)
    source = models.CharField(max_length=32)
    verified_on = models.DateField(null=True)
    call_ok = models.BooleanField(null=True)
    sms_ok = models.BooleanField(null=True)
    email_ok = models.BooleanField(null=True)
    valid = models.BooleanField(default=True)
    last_rpc_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["party", "role", "kind", "value"], name="contact_point_once_per_party"
            ),
            models.CheckConstraint(name="contact_point_has_a_value", condition=~Q(value="")),
        ]
        indexes = [
            models.Index(fields=["ending"], name="contact_point_ending", condition=~Q(ending="")),
        ]
