"""Promises are taken, withdrawn, and decided by the day's run."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from dunwell.accounts.queries import EVERY_PAYMENT, owed_minor
from dunwell.audit.actions import record
from dunwell.cases.assigning import lock_desk, take_over
from dunwell.cases.leases import renew
from dunwell.cases.models import Case
from dunwell.cases.timeline import today_of, write_entry
from dunwell.kernel.calendars import holidays_of
from dunwell.kernel.cards import without_card_data
from dunwell.kernel.refusal import Refusal, Refused
from dunwell.parties.models import Portfolio
from dunwell.plans.models import Promise
from dunwell.plans.rules import counts_until, promise_refused, tolerance_minor
from dunwell.staff.access import Can, Forbidden, require_case
from dunwell.staff.models import Agent

METHOD_LETTERS = 32


@transaction.atomic
def take_promise(
    case_id: int, *, amount_minor: int, due_on: date, actor: Agent, now: datetime, method: str = ""
) -> Promise:
    """Write down the cardholder's word; ``amount_minor`` in the portfolio's currency.

    On a pool case it makes the case the actor's, if he can have it.

    :raises Refused: with every reason why not; nothing is written then
    :raises Forbidden: if the case is not the actor's to work
    """
    lock_desk(actor)
    case = require_case(Case, case_id, actor, Can.WORK_CASE, lock=True, also=("party",))
    if case.state != Case.State.OPEN:
        raise Refused(Refusal("cases.closed", "The case is closed. No promise is needed."))
    portfolio = case.portfolio
    today = today_of(case, now)
    refusals = promise_refused(
        amount_minor=amount_minor,
        due_on=due_on,
        today=today,
        owed_minor=owed_minor(case.party_id, portfolio),
        open_promise=Promise.objects.filter(
            case__party=case.party_id,
            case__portfolio=case.portfolio_id,
            state=Promise.State.OPEN,
        ).exists(),
    )
    if refusals:
        raise Refused(*refusals)
    promise = Promise.objects.create(
        case=case,
        amount_minor=amount_minor,
        currency=portfolio.currency,
        due_on=due_on,
        counts_until=counts_until(
            due_on,
            grace_working_days=portfolio.promise_grace_working_days,
            holidays=holidays_of(portfolio.country),
        ),
        tolerance_minor=tolerance_minor(
            amount_minor,
            basis_points=portfolio.promise_tolerance_bp,
            at_most_minor=portfolio.promise_tolerance_minor,
        ),
        method=without_card_data(method)[:METHOD_LETTERS],
        taken_by=actor,
        taken_at=now,
        taken_on=today,
    )
    case.next_step_on = due_on
    case.save(update_fields=["next_step_on"])
    said = {"promise": promise.pk, "amount_minor": amount_minor, "due_on": str(due_on)}
    write_entry(case, "promise_taken", actor=actor, now=now, data=said)
    take_over(case, actor, now=now)
    renew(case, actor, now=now)
    record("plans.promise_taken", subject=f"case:{case.pk}", actor=actor, at=now, **said)
    return promise


@transaction.atomic
def withdraw_promise(
    case_id: int, promise_id: int, *, reason: str, actor: Agent, now: datetime
) -> Promise:
    """Take an open promise back, for a reason that stays on the timeline.

    It is one of the case or, where the case is open, of an earlier case of the cardholder.

    :raises Refused: if it is decided already or no reason is given
    :raises Forbidden: if the case is not the actor's to work, or the promise not of it
    """
    case = require_case(Case, case_id, actor, Can.WORK_CASE, lock=True)
    of = Q(case=case)
    if case.state == Case.State.OPEN:
        of |= Q(case__party=case.party_id, case__portfolio=case.portfolio_id)
    promise = Promise.objects.select_for_update(of=("self",)).filter(of, pk=promise_id).first()
    if promise is None:
        raise Forbidden(f"no promise {promise_id} on case {case.pk}")
    if promise.state != Promise.State.OPEN:
        raise Refused(Refusal("plans.decided", "The promise is decided and stays as it is."))
    if not reason.strip():
        raise Refused(Refusal("plans.no_reason", "Say why the promise is withdrawn."))
    today = today_of(case, now)
    promise.state, promise.decided_on = Promise.State.WITHDRAWN, today
    promise.save()
    renew(case, actor, now=now)
    said = {"promise": promise.pk, "amount_minor": promise.amount_minor}
    kept = without_card_data(reason.strip())
    write_entry(case, "promise_withdrawn", actor=actor, now=now, note=kept, data=said)
    record("plans.promise_withdrawn", subject=f"case:{case.pk}", actor=actor, at=now, **said)
    return promise


# What counts: every effect with value date from the taking to the last day of grace, known
# by today, shared out among the cardholder's promises as ``rules.shared_out`` does. A
# promise that was decided is looked at again while money may still move under it (a
# reversal, a payment that came late with an earlier value date); what older ones count
# is taken off even when they are looked at no more. The case may have closed meanwhile:
# its promise goes on being decided, for the word was the cardholder's.
# Promises whose windows overlap are a chain; few are longer than one, and only those
# are worked off one by one, with what is left of each value date's money.
DECIDE = """
WITH RECURSIVE given AS MATERIALIZED (
    SELECT r.id, r.case_id, c.party_id, r.state AS was, r.amount_minor, r.tolerance_minor,
           r.taken_on, r.counts_until, r.paid_minor AS was_paid,
           (r.state = 'open' OR r.counts_until > %(day)s::date - 180) AS looked
    FROM plans_promise r JOIN cases_case c ON c.id = r.case_id
    WHERE c.portfolio_id = %(portfolio)s AND r.taken_on <= %(day)s AND r.state <> 'withdrawn'
), standing AS (
    SELECT g.*, taken_on > max(counts_until) OVER (PARTITION BY party_id
               ORDER BY taken_on, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS apart
    FROM given g
), crossed AS MATERIALIZED (
    SELECT * FROM standing WHERE party_id IN (SELECT party_id FROM standing WHERE NOT apart)
), chained AS (
    SELECT c.*, count(*) FILTER (WHERE apart) OVER (PARTITION BY party_id
               ORDER BY taken_on, id ROWS UNBOUNDED PRECEDING) AS chain
    FROM crossed c
), placed AS MATERIALIZED (
    SELECT c.*, count(*) OVER (PARTITION BY party_id, chain) AS links,
           row_number() OVER (PARTITION BY party_id, chain ORDER BY taken_on, id) AS place
    FROM chained c
), purse (party_id, chain, place, days, lefts, id, had) AS (
    SELECT party_id, chain, 0::bigint, array_agg(value_on ORDER BY value_on),
           array_agg(minor ORDER BY value_on), NULL::bigint, 0::bigint
    FROM (
        SELECT k.party_id, k.chain, p.value_on, sum(p.effect_minor)::bigint AS minor
        FROM (SELECT party_id, chain, min(taken_on) AS first, max(counts_until) AS last
              FROM placed WHERE links > 1 GROUP BY party_id, chain) k
        JOIN accounts_account a ON a.party_id = k.party_id
        JOIN accounts_payment p ON p.account_id = a.id
        WHERE p.portfolio_id = %(portfolio)s AND p.known_on <= %(day)s
          AND p.id <= %(payments_to)s
          AND p.value_on BETWEEN k.first AND k.last
        GROUP BY k.party_id, k.chain, p.value_on
    ) by_day GROUP BY party_id, chain
    UNION ALL
    SELECT u.party_id, u.chain, r.place, u.days, rest.lefts, r.id, pot.had
    FROM purse u
    JOIN placed r ON r.party_id = u.party_id AND r.chain = u.chain AND r.place = u.place + 1
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(minor), 0)::bigint AS had,
               coalesce(sum(least(minor, 0)), 0)::bigint AS lost
        FROM unnest(u.days, u.lefts) AS m (day, minor)
        WHERE day BETWEEN r.taken_on AND r.counts_until
    ) pot
    CROSS JOIN LATERAL (
        SELECT array_agg(CASE WHEN pot.had <= 0 OR NOT inside THEN minor
                   ELSE greatest(minor, 0) - greatest(0, least(greatest(minor, 0),
                       least(r.amount_minor, pot.had) - pot.lost - before)) END ORDER BY day) AS lefts
        FROM (
            SELECT day, minor, inside, coalesce(sum(greatest(minor, 0)) FILTER (WHERE inside) OVER (
                ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS before
            FROM unnest(u.days, u.lefts) AS m (day, minor)
            CROSS JOIN LATERAL (SELECT day BETWEEN r.taken_on AND r.counts_until AS inside) i
        ) each_day
    ) rest
), looked AS (
    SELECT r.id, r.case_id, r.party_id, r.was, r.amount_minor, r.tolerance_minor, r.counts_until,
           r.was_paid, least(r.amount_minor, CASE WHEN k.links > 1 THEN coalesce(u.had, 0)
               ELSE coalesce((SELECT sum(p.effect_minor) FROM accounts_payment p
                   JOIN accounts_account a ON a.id = p.account_id
                   WHERE a.party_id = r.party_id AND p.portfolio_id = %(portfolio)s
                     AND p.value_on BETWEEN r.taken_on AND r.counts_until
                     AND p.known_on <= %(day)s AND p.id <= %(payments_to)s), 0) END)::bigint AS paid
    FROM given r LEFT JOIN placed k ON k.id = r.id LEFT JOIN purse u ON u.id = r.id
    WHERE r.looked
), judged AS (
    SELECT *, CASE WHEN paid >= amount_minor - tolerance_minor THEN 'kept'
                   WHEN %(day)s <= counts_until THEN 'open'
                   WHEN paid > 0 THEN 'partly_kept' ELSE 'broken' END AS found
    FROM looked
), newest AS (
    SELECT max(id) AS id FROM judged WHERE found = 'open' AND was <> 'open' GROUP BY party_id
), sound AS (
    -- One open promise a cardholder: of those that would open again only the newest does, and
    -- none where one is open or was so this morning: the day run twice must say the same.
    SELECT * FROM judged j WHERE found <> 'open' OR was = 'open' OR (
        id IN (SELECT id FROM newest) AND NOT EXISTS (
            SELECT FROM plans_promise o JOIN cases_case c ON c.id = o.case_id
            WHERE c.party_id = j.party_id AND c.portfolio_id = %(portfolio)s
              AND (o.state = 'open' OR o.decided_on = %(day)s)))
), changed AS (
    UPDATE plans_promise r SET state = s.found, paid_minor = s.paid,
        decided_on = CASE WHEN s.found = 'open' THEN NULL
                          WHEN s.found = s.was THEN r.decided_on ELSE %(day)s END
    -- As it was when it was looked at: one withdrawn meanwhile stays withdrawn.
    FROM sound s WHERE r.id = s.id AND r.state = s.was AND (s.found <> s.was OR s.paid <> s.was_paid)
    RETURNING r.id, r.case_id, s.found, s.was, r.amount_minor, s.paid
), told AS (
    INSERT INTO cases_entry
        (case_id, kind, business_date, happened_at, channel, outcome, note, data)
    SELECT DISTINCT ON (case_id, found) case_id,
           'promise_' || CASE found WHEN 'open' THEN 'reopened' ELSE found END, %(day)s, %(at)s,
           '', '', '', jsonb_build_object('promise', id, 'amount_minor', amount_minor,
                                          'paid_minor', paid, 'was', was)
    FROM changed WHERE found <> was ORDER BY case_id, found, id
)
SELECT count(*) FILTER (WHERE found = 'kept' AND was <> 'kept'),
       count(*) FILTER (WHERE found = 'partly_kept' AND was <> 'partly_kept'),
       count(*) FILTER (WHERE found = 'broken' AND was <> 'broken'),
       count(*) FILTER (WHERE found = 'open' AND was <> 'open')
FROM changed
"""


def decide_promises(
    *, portfolio: Portfolio, day: date, at: datetime, payments_to: int = EVERY_PAYMENT
) -> dict[str, int]:
    """Decide the portfolio's promises as of business date ``day``; return how many went how.

    Payments with a key above ``payments_to`` came after the day began: they are the next one's.

    Same rules as ``rules.shared_out`` and ``rules.decided``, over all promises in one
    statement. Call it inside the day's transaction: it may be run again for the same day
    and then changes nothing.
    """
    given: dict[str, Any] = {"portfolio": portfolio.pk, "day": day, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(DECIDE, {**given, "payments_to": payments_to})
        kept, partly, broken, reopened = cursor.fetchone()
    return {"kept": kept, "partly_kept": partly, "broken": broken, "reopened": reopened}
