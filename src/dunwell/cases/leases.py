"""Who has which case in hand: the next best one, or one that was chosen."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from dunwell.cases.assigning import lock_desk
from dunwell.cases.models import Case, Lease
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.staff.access import Can, require, require_case
from dunwell.staff.models import Agent

LEASE = timedelta(minutes=15)

FREE = """
  AND NOT EXISTS (SELECT FROM cases_lease l
                  WHERE l.case_id = c.id AND l.holder_id <> %(me)s AND l.until > %(now)s)
"""
# The best case that nobody else holds and that is due; a row another has in hand is
# passed over, so two who ask at once get two cases. Ordered as case_worklist is.
BEST = f"""
  AND (c.next_step_on IS NULL OR c.next_step_on <= %(today)s)
  AND (c.follow_up_at IS NULL OR c.follow_up_at <= %(now)s)
  AND (c.last_worked_at IS NULL OR c.last_worked_at < %(day_began)s)
  {FREE}
ORDER BY c.priority DESC, c.oldest_unpaid_due_on, c.id
LIMIT 1 FOR UPDATE OF c SKIP LOCKED
"""
OWN = f"""
SELECT c.id FROM cases_case c
WHERE c.state = 'open' AND c.collector_id = %(me)s {BEST}
"""
POOL = f"""
SELECT c.id FROM cases_case c
WHERE c.state = 'open' AND c.team_id = %(team)s AND c.collector_id IS NULL
  AND c.queue = ANY(%(queues)s) {BEST}
"""
# Call-backs that were agreed come before everything: somebody is waiting.
CALLBACK = f"""
SELECT c.id FROM cases_case c
WHERE c.state = 'open' AND c.collector_id = %(me)s AND c.follow_up_at <= %(now)s {FREE}
ORDER BY c.follow_up_at, c.id
LIMIT 1 FOR UPDATE OF c SKIP LOCKED
"""
# So are those on cases of the pool: the index case_pool_callback has nothing else.
POOL_CALLBACK = f"""
SELECT c.id FROM cases_case c
WHERE c.state = 'open' AND c.team_id = %(team)s AND c.collector_id IS NULL
  AND c.follow_up_at <= %(now)s AND c.queue = ANY(%(queues)s) {FREE}
ORDER BY c.follow_up_at, c.id
LIMIT 1 FOR UPDATE OF c SKIP LOCKED
"""
TAKE = """
INSERT INTO cases_lease (case_id, holder_id, taken_at, until)
VALUES (%(case)s, %(me)s, %(now)s, %(until)s)
ON CONFLICT (case_id) DO UPDATE SET holder_id = %(me)s, taken_at = %(now)s, until = %(until)s
WHERE cases_lease.holder_id = %(me)s OR cases_lease.until <= %(now)s
"""


@transaction.atomic
def take_next(actor: Agent, *, now: datetime, zone: str) -> int | None:
    """Give the actor the best case that is due and nobody else holds; None if there is none.

    ``zone`` says where the actor's day begins. His last lease ends; the new one holds
    for ``LEASE``.

    :raises Forbidden: if he works no cases
    """
    require(actor, Can.WORK_CASE)
    # One person's double click must wait for itself, not take two cases.
    lock_desk(actor)
    here = now.astimezone(ZoneInfo(zone))
    given: dict[str, Any] = {
        "me": actor.pk,
        "team": actor.team_id,
        "queues": list(actor.queues),
        "now": now,
        "today": here.date(),
        "day_began": here.replace(hour=0, minute=0, second=0, microsecond=0),
    }
    Lease.objects.filter(holder=actor).delete()
    for statement in (CALLBACK, POOL_CALLBACK, OWN, POOL):
        found = _first(statement, given)
        # A colleague may have taken it, and let go of its row, after this statement
        # began to look: his lease then refuses ours, and a new look passes it over.
        while found is not None and not _take(found, actor, now):
            found = _first(statement, given)
        if found is not None:
            return found
    return None


def _first(statement: str, given: dict[str, Any]) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        row = cursor.fetchone()
    return int(row[0]) if row else None


@transaction.atomic
def take_case(case_id: int, *, actor: Agent, now: datetime) -> Case:
    """Take a case that the actor chose himself; his last lease ends.

    :raises Refused: if a colleague holds it now
    :raises Forbidden: if it is not his to work
    """
    lock_desk(actor)
    case: Case = require_case(Case, case_id, actor, Can.WORK_CASE, lock=True)
    Lease.objects.filter(holder=actor).exclude(case=case).delete()
    if not _take(case.pk, actor, now):
        raise Refused(held_by_another(case.pk))
    return case


def renew(case: Case, actor: Agent, *, now: datetime) -> None:
    """Let the actor's lease begin anew: who acts on a case still has it in hand.

    Who has none gets none. Call it inside the action's transaction.
    """
    Lease.objects.filter(case=case, holder=actor).update(until=now + LEASE)


def let_go(sender: object, *, user: Agent | None, **signalled: object) -> None:
    """End the lease of somebody who signs out; receives ``user_logged_out``."""
    if user is not None:
        Lease.objects.filter(holder=user).delete()


def held_by_another(case_id: int) -> Refusal:
    """Return the refusal that names who holds the case, if his lease still stands."""
    lease = Lease.objects.select_related("holder").filter(case_id=case_id).first()
    if lease is None:
        # He let go of it between our try and this look.
        return Refusal("cases.held", "A colleague had this case in hand until now. Try again.")
    return Refusal(
        "cases.held",
        "%(who)s has this case in hand now. Take another or wait.",
        named={"who": lease.holder.name},
    )


def _take(case_id: int, actor: Agent, now: datetime) -> bool:
    with connection.cursor() as cursor:
        given: dict[str, Any] = {"case": case_id, "me": actor.pk, "now": now, "until": now + LEASE}
        cursor.execute(TAKE, given)
        return bool(cursor.rowcount)


def held_elsewhere(case: Case, actor: Agent, now: datetime) -> bool:
    """Say whether a colleague has the case in hand now."""
    return Lease.objects.filter(case=case, until__gt=now).exclude(holder=actor).exists()
