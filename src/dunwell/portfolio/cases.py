"""From accounts to cardholders, and what becomes of their cases on a day."""

from __future__ import annotations

import ibis

from dunwell.portfolio import schema
from dunwell.portfolio.totals import total


def cardholders(aged: ibis.Table) -> ibis.Table:
    """Return one row a party (``schema.CARDHOLDERS``) over all his accounts.

    Bucket and days past due are the worst of his accounts, the oldest unpaid due date
    the earliest among those overdue (NULL if none is). Sums are over all of them.
    ``charged_off`` says that an account both overdue and charged off is among them.
    """
    schema.check(aged, schema.AGED)
    return aged.group_by("party_id").aggregate(
        bucket=aged.bucket.max(),
        dpd=aged.dpd.max(),
        oldest_unpaid_due_on=aged.oldest_unpaid_due_on.min(where=aged.overdue),
        past_due_minor=total(aged.past_due_minor),
        balance_minor=total(aged.balance_minor),
        overdue_accounts=aged.count(where=aged.overdue),
        accounts=aged.count(),
        charged_off=(aged.overdue & aged.charged_off).any().fill_null(False),
    )


def transitions(holders: ibis.Table, open_cases: ibis.Table) -> ibis.Table:
    """Return one row for each party whose case changes, and none for the others.

    ``holders`` keeps ``schema.CARDHOLDERS``, ``open_cases`` ``schema.OPEN_CASES``.
    Columns: party_id, case_id (NULL if it opens), from_bucket, to_bucket,
    oldest_unpaid_due_on, direction (``forward``, ``back`` or NULL) and change:

    - ``open``: he is overdue and has no open case
    - ``cure``: he has one and nothing is overdue any more
    - ``roll``: his bucket is another one; ``direction`` says which way
    - ``stay``: the bucket is the same, but the oldest unpaid due date is not
    - ``gone``: he has one, but no account of his is left among ``holders``
    """
    schema.check(holders, schema.CARDHOLDERS)
    schema.check(open_cases, schema.OPEN_CASES)
    now = holders.select(
        "party_id", to_bucket="bucket", due_on="oldest_unpaid_due_on", seen=ibis.literal(True)
    )
    was = open_cases.select(
        "case_id", had="party_id", from_bucket="bucket", was_due_on="oldest_unpaid_due_on"
    )
    both = now.outer_join(was, now.party_id == was.had)
    overdue = (both.to_bucket > 0).fill_null(False)
    known = both.case_id.notnull()
    change = ibis.cases(
        (overdue & ~known, "open"),
        (known & both.seen.isnull(), "gone"),
        (known & ~overdue, "cure"),
        (known & ~both.to_bucket.identical_to(both.from_bucket), "roll"),
        (known & ~both.due_on.identical_to(both.was_due_on), "stay"),
    )
    direction = ibis.cases(
        (change != "roll", None),
        (both.to_bucket > both.from_bucket, "forward"),
        (both.to_bucket < both.from_bucket, "back"),
    )
    found = both.select(
        "case_id",
        "from_bucket",
        "to_bucket",
        party_id=ibis.coalesce(both.party_id, both.had),
        oldest_unpaid_due_on=both.due_on,
        direction=direction,
        change=change,
    )
    return found.filter(found.change.notnull())
