"""Step 1: what was posted today stands on the timeline of the open cases."""

from __future__ import annotations

from typing import Any

from django.db import connection

from dunwell.daybook.engine import BusinessDay, Engine

# One line a case a day: the sum, and how many payments and reversals made it.
ENTRIES = """
INSERT INTO cases_entry
    (case_id, kind, business_date, happened_at, channel, outcome, note, data)
SELECT c.id, 'payment', %(day)s, %(at)s, '', '', '',
       jsonb_build_object(
           'amount_minor', sum(p.effect_minor)::bigint,
           'payments', count(*) FILTER (WHERE p.effect_minor > 0),
           'reversals', count(*) FILTER (WHERE p.effect_minor < 0)
       )
FROM accounts_payment p
JOIN accounts_account a ON a.id = p.account_id
JOIN cases_case c ON c.party_id = a.party_id AND c.portfolio_id = p.portfolio_id
    AND c.state = 'open'
WHERE p.portfolio_id = %(portfolio)s AND p.posted_on > %(after)s AND p.posted_on <= %(day)s
GROUP BY c.id
ORDER BY c.id
"""

# Payments posted on days that were never run belong to the next day that is.
AFTER = """
SELECT coalesce(max(day), %(day)s - 1) FROM daybook_steprun
WHERE portfolio_id = %(portfolio)s AND step = 'payments' AND day < %(day)s
"""


def run_payments(day: BusinessDay, engine: Engine) -> dict[str, int]:
    """Write one payment entry for each open case that money was posted to."""
    given: dict[str, Any] = {"portfolio": day.portfolio.pk, "day": day.on, "at": day.at}
    with connection.cursor() as cursor:
        cursor.execute(AFTER, given)
        given["after"] = cursor.fetchone()[0]
        cursor.execute(ENTRIES, given)
        return {"cases_with_payments": cursor.rowcount}
