from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class Role(models.TextChoices):
    """Who someone is at work; what he may do follows from it alone (``access.py``)."""

    COLLECTOR = "collector", "Collector"
    LEAD = "lead", "Lead"
    COMPLIANCE = "compliance", "Compliance"
    LEGAL = "legal", "Legal"
    STRATEGY = "strategy", "Strategy"
    OPERATIONS = "operations", "Operations"
    ADMIN = "admin", "Administrator"
    AUDITOR = "auditor", "Auditor"


class Team(models.Model):
    """Collectors who share queues and a lead."""

    code = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.name


class AgentManager(BaseUserManager["Agent"]):
    def create_user(self, username: str, password: str | None, **fields: object) -> Agent:
        agent = self.model(username=username.lower(), **fields)
        agent.set_password(password)
        agent.save(using=self._db)
        return agent


class Agent(AbstractBaseUser):
    """A member of staff who signs in."""

    username = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=12, choices=Role)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="agents")
    is_active = models.BooleanField(default=True)
    # The queues he is skilled for and the languages he speaks (BCP 47).
    queues = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    capacity = models.PositiveIntegerField(default=0)
    available = models.BooleanField(default=True)
    # Somebody else chose it, so somebody else knows it.
    must_change_password = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "role"]
    objects = AgentManager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="agent_role_is_known", condition=Q(role__in=Role.values)),
            models.CheckConstraint(
                name="agent_collectors_and_leads_have_a_team",
                condition=~Q(role__in=["collector", "lead"]) | Q(team__isnull=False),
            ),
            models.CheckConstraint(
                name="agent_username_is_lower_case", condition=Q(username=Lower("username"))
            ),
        ]
        indexes = [models.Index(fields=["team", "role"], name="agent_team_role")]

    def __str__(self) -> str:
        return self.name


class SignInCount(models.Model):
    """Wrong passwords in a row for one name, known or not; the name is the key.

    Counted before the password is looked at, in a statement of its own, so
    parallel guesses cannot share one count.
    """

    username = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    first_failed_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["first_failed_at"], name="sign_in_count_age")]
