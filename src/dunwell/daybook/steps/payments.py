"""Step 1: what became known since the day before stands on the timeline of the open cases."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection

from dunwell.daybook.engine import BusinessDay, Engine

# The day's own payments: known by now, and not to the day that was run before it. A
# delivery that comes after its day was run is the next day's, whatever dates it bears.
ITS_OWN = """
p.portfolio_id = %(portfolio)s AND p.known_on <= %(day)s AND p.id <= %(payments_to)s
AND (p.known_on > %(ran_on)s OR p.id > %(ran_to)s)
"""

# One line a case a day: the sum, and how many payments and reversals made it.
ENTRIES = f"""
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
WHERE {ITS_OWN}
GROUP BY c.id
ORDER BY c.id
"""


def its_own(day: BusinessDay) -> dict[str, Any]:
    """Return what :data:`ITS_OWN` is asked with; the first day's are all that are known."""
    return {
        "portfolio": day.portfolio.pk,
        "day": day.on,
        "payments_to": day.payments_to,
        "ran_on": day.before.on if day.before else date.min,
        "ran_to": day.before.payments_to if day.before else 0,
    }


def run_payments(day: BusinessDay, engine: Engine) -> dict[str, int]:
    """Write one payment entry for each open case that money was posted to."""
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES, {**its_own(day), "at": day.at})
        return {"cases_with_payments": cursor.rowcount}
