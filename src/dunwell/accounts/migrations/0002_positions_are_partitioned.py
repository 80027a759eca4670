from django.db import migrations

MAKE = """
CREATE TABLE accounts_position (
    snapshot_id bigint NOT NULL,
    account_id bigint NOT NULL,
    principal_minor bigint NOT NULL,
    interest_minor bigint NOT NULL,
    fees_minor bigint NOT NULL,
    penalty_minor bigint NOT NULL,
    past_due_minor bigint NOT NULL,
    minimum_due_minor bigint,
    statement_balance_minor bigint,
    last_payment_minor bigint,
    statement_on date,
    due_on date,
    oldest_unpaid_due_on date,
    last_payment_on date,
    cycles_past_due smallint,
    carried boolean NOT NULL DEFAULT false,
    CONSTRAINT position_components_not_negative CHECK (
        principal_minor >= 0 AND interest_minor >= 0 AND fees_minor >= 0 AND penalty_minor >= 0
    ),
    CONSTRAINT position_past_due_not_negative CHECK (past_due_minor >= 0),
    CONSTRAINT position_no_infinite_dates CHECK (
        isfinite(statement_on) AND isfinite(due_on)
        AND isfinite(oldest_unpaid_due_on) AND isfinite(last_payment_on)
    ),
    CONSTRAINT position_pk PRIMARY KEY (snapshot_id, account_id),
    CONSTRAINT position_account_fk FOREIGN KEY (account_id) REFERENCES accounts_account (id),
    CONSTRAINT position_snapshot_fk FOREIGN KEY (snapshot_id) REFERENCES accounts_snapshot (id)
) PARTITION BY LIST (snapshot_id);
"""


class Migration(migrations.Migration):
    """Keep positions in one partition a snapshot.

    A day's positions are written to a table of their own, checked as a set and
    attached in the transaction that applies the delivery; old days are detached.
    Undo: drops the table and its data.
    """

    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(MAKE, "DROP TABLE accounts_position"),
    ]
