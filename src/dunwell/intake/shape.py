"""Whole-file checks: totals, keys, and what the file says against what is known."""

from __future__ import annotations

from decimal import Decimal
from statistics import median
from zoneinfo import available_timezones

import duckdb
import pyarrow as pa

from dunwell.intake.checks import Setting, like
from dunwell.intake.faults import Finding
from dunwell.intake.layout import Kind, Type
from dunwell.intake.manifest import Entry
from dunwell.intake.shown import reduced
from dunwell.intake.staging import Staged

# What a snapshot keeps in minor units, to be compared with the days after.
TOTALS = ("principal", "interest", "fees", "penalty", "past_due")
SHARED_PHONE = 20
VANISHED_PPM = 5_000
# Of fewer rows a shape says nothing.
SHAPED = 20
KEYED = {"customers": "customer_ref", "accounts": "account_ref", "payments": "payment_ref"}
_TWICE = {
    "customers": "intake.G02_key_twice",
    "accounts": "intake.G02_key_twice",
    "contacts": "intake.G02_contact_twice",
    "payments": "intake.H10_two_amounts",
}


def totals(
    con: duckdb.DuckDBPyConnection, staged: Staged, entry: Entry, setting: Setting
) -> list[Finding]:
    """Compare the declared sums with those of all rows: amounts to the minor unit, and the
    hash totals of references."""
    findings = []
    kind = staged.kind
    for column, declared in entry.totals.items():
        hashes = kind.column(column).type is Type.KEY
        number = _digits(column) if hashes else f'"{column}"'
        wide = f"try_cast({number} as decimal(38,3))"
        bad = con.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [f"b_{kind.name}"]
        ).fetchone()
        rest, unread = (Decimal(0), 0)
        if bad and bad[0]:
            found = con.execute(
                f"SELECT sum({wide}), count(*) FILTER ({wide} IS NULL AND {number} IS NOT NULL)"
                f" FROM b_{kind.name}"
            ).fetchone() or (None, 0)
            rest, unread = found[0] or Decimal(0), found[1]
        good = con.execute(f"SELECT sum({number}) FROM t_{kind.name} WHERE NOT bad").fetchone()
        summed = Decimal((good[0] if good else 0) or 0)
        summed = (summed if hashes else summed.scaleb(-setting.places)) + rest
        if hashes:
            summed, declared = summed.to_integral_value(), declared.to_integral_value()
        # Equal sums read alike, however many zeros one of them brought.
        counted = declared if summed == declared else summed
        staged.totals[column] = {"declared": f"{declared:f}", "counted": f"{counted:f}"}
        if summed != declared:
            proven = not unread and not staged.broken
            wrong = "H03_hash_total" if hashes else "H02_total"
            code = wrong if proven else "H02_unproven"
            findings.append(Finding(f"intake.{code}", file=staged.file, column=column))
    return findings


def _digits(column: str) -> str:
    """Return SQL: the number that the last fifteen digits of a reference make."""
    last = f"right(regexp_replace(\"{column}\", '[^0-9]', '', 'g'), 15)"
    return f"coalesce(try_cast({last} as hugeint), 0)"


def keys(con: duckdb.DuckDBPyConnection, staged: Staged) -> list[Finding]:
    """Find keys that stand twice, and keys that differ only in zeros or case."""
    kind, table = staged.kind, f"checked_{staged.kind.name}"
    key = ", ".join(kind.key)
    if kind.name in KEYED:
        # One pass tells that all is well; else there is something to look for.
        bare = f"ltrim(upper({KEYED[kind.name]}), '0')"
        distinct = con.execute(f"SELECT count(*) = count(DISTINCT {bare}) FROM {table}").fetchone()
        if distinct and distinct[0]:
            return []
    twice = con.execute(
        f"CREATE OR REPLACE TABLE twice AS SELECT {key} FROM {table} GROUP BY ALL HAVING count(*) > 1"
    ).fetchone()
    findings = _twice(con, staged) if twice and twice[0] else []
    if kind.name in KEYED:
        name = KEYED[kind.name]
        clash = con.execute(
            f"""SELECT min({name}) FROM {table} GROUP BY {bare}
            HAVING min({name}) <> max({name}) LIMIT 1"""
        ).fetchone()
        if clash:
            findings.append(
                Finding("intake.G03_key_clash", staged.file, None, name, reduced(clash[0]))
            )
    return findings


def spelling(
    con: duckdb.DuckDBPyConnection, staged: Staged, widths: dict[str, int]
) -> list[Finding]:
    """Find references that a spreadsheet has spoiled: powers of ten, zeros that are gone."""
    findings = []
    for column in staged.kind.columns:
        name, bad = f'"{column.name}"', {}
        if column.type in (Type.KEY, Type.CODE):
            # Few values hold a plus: the pattern is asked of those.
            exponent = like(f"upper({name})", r"[0-9](\.[0-9]+)?E\+[0-9]+")
            bad["D02_exponent"] = f"contains({name}, '+') AND {exponent}"
        if column.name in widths:
            bad["D03_width"] = f"length({name}) <> {widths[column.name]}"
        for code, fault in bad.items():
            count, first = con.execute(
                f"SELECT count(*), min(row) FROM checked_{staged.kind.name} WHERE {fault}"
            ).fetchone() or (0, None)
            if count:
                findings.append(
                    Finding(f"intake.{code}", staged.file, first, column.name, count=count)
                )
    return findings


def _twice(con: duckdb.DuckDBPyConnection, staged: Staged) -> list[Finding]:
    kind, key = staged.kind, ", ".join(staged.kind.key)
    names = ", ".join(f'"{c.name}"' for c in kind.columns)
    con.execute(
        f"""CREATE OR REPLACE TABLE repeated AS
        SELECT row, first_value(row) OVER (PARTITION BY {names} ORDER BY row) AS kept,
               min(row) OVER (PARTITION BY {key}) AS first_of_key
        FROM checked_{kind.name} SEMI JOIN twice USING ({key})"""
    )
    other = con.execute("SELECT count(*) FROM repeated WHERE kept <> first_of_key").fetchone()
    same = con.execute("SELECT count(*) FROM repeated WHERE row <> kept").fetchone()
    con.execute(
        f"""INSERT INTO fault SELECT '{kind.name}', row, '{kind.key[0]}', 'intake.G01_repeated'
        FROM repeated WHERE row <> kept"""
    )
    findings = []
    if same and same[0]:
        findings.append(Finding("intake.G01_repeated", file=staged.file, count=same[0]))
    if other and other[0]:
        code = _TWICE[kind.name]
        if kind.name == "contacts":
            con.execute(
                f"""INSERT INTO fault SELECT 'contacts', row, 'value', '{code}' FROM repeated
                WHERE row = kept AND first_of_key IN
                    (SELECT first_of_key FROM repeated WHERE kept <> first_of_key)"""
            )
        else:
            findings.append(Finding(code, file=staged.file, column=key, count=other[0]))
    return findings


def against_known(con: duckdb.DuckDBPyConnection, kinds: set[str]) -> None:
    """Fault rows that do not fit one another or what is known; see ``deltas.know``."""
    people = "SELECT customer_ref FROM party"
    if "customers" in kinds:
        people += " UNION ALL SELECT customer_ref FROM v_customers"
        _zones(con)
        _fault(
            con, "customers", "id_number", "G04_key_reused",
            "SELECT r.row FROM v_customers r JOIN party p USING (customer_ref)"
            " WHERE p.id_number <> '' AND r.id_number <> p.id_number AND r.name <> p.name",
        )  # fmt: skip
    for kind in kinds & {"contacts", "accounts"}:
        _fault(
            con, kind, "customer_ref", "G16_unknown_customer",
            f"SELECT row FROM v_{kind} r ANTI JOIN ({people}) p USING (customer_ref)",
        )  # fmt: skip
    if "contacts" in kinds:
        _contacts(con)
    if "accounts" in kinds:
        _accounts(con)


def _fault(con: duckdb.DuckDBPyConnection, kind: str, column: str, code: str, rows: str) -> None:
    con.execute(
        f"INSERT INTO fault SELECT DISTINCT '{kind}', row, '{column}', 'intake.{code}' FROM ({rows})"
    )


def _zones(con: duckdb.DuckDBPyConnection) -> None:
    con.register("known_zones", pa.table({"time_zone": sorted(available_timezones())}))
    rows = "SELECT row FROM v_customers r ANTI JOIN known_zones USING (time_zone)"
    _fault(con, "customers", "time_zone", "F12_zone", f"{rows} WHERE r.time_zone IS NOT NULL")
    con.unregister("known_zones")


def _contacts(con: duckdb.DuckDBPyConnection) -> None:
    phones = "kind IN ('mobile', 'landline', 'work_phone')"
    _fault(
        con, "contacts", "value", "G06_shared_phone",
        f"""SELECT row FROM v_contacts WHERE kind = 'mobile' AND value IN (
            SELECT value FROM v_contacts WHERE kind = 'mobile' GROUP BY value
            HAVING count(*) > {SHARED_PHONE} AND count(DISTINCT customer_ref) > {SHARED_PHONE})""",
    )  # fmt: skip
    _fault(
        con, "contacts", "role", "G10_guarantor_is_debtor",
        f"""SELECT g.row FROM v_contacts g JOIN v_contacts d USING (customer_ref, value)
        WHERE g.role = 'guarantor' AND d.role = 'debtor' AND d.{phones} AND g.{phones}""",
    )  # fmt: skip


def _accounts(con: duckdb.DuckDBPyConnection) -> None:
    _fault(
        con, "accounts", "status", "G14_closed_before",
        """SELECT r.row FROM v_accounts r JOIN account a USING (account_ref)
        WHERE a.status = 'closed' AND r.status <> 'closed'""",
    )  # fmt: skip
    _fault(
        con, "accounts", "customer_ref", "G04_key_reused",
        """SELECT r.row FROM v_accounts r JOIN account a USING (account_ref)
        JOIN party p ON p.id = a.party_id WHERE p.customer_ref <> r.customer_ref""",
    )  # fmt: skip


def balances(
    con: duckdb.DuckDBPyConnection, file: str, before: dict[str, int]
) -> tuple[dict[str, int], list[Finding]]:
    """Return the file's sums by component, and what is odd beside those of the day before."""
    owed = "principal + interest + fees + penalty"
    sums = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in TOTALS)
    # Of those that bear interest: most accounts of a sound portfolio may bear none.
    usual_interest = "coalesce(median(interest) FILTER (interest > 0), 0)::bigint"
    row = con.execute(
        f"SELECT count(*), min({owed}), max({owed}), {sums}, {usual_interest} FROM v_accounts"
    ).fetchone() or (0,) * (4 + len(TOTALS))
    found = dict(zip(TOTALS, row[3:-1], strict=True))
    found["interest_median"] = row[-1]
    hundred = before.get("principal") and found["principal"] == 100 * before["principal"]
    findings = []
    if (row[0] >= SHAPED and row[1] == row[2]) or hundred:
        findings.append(Finding("intake.H07_uniform", file=file))
    usual, median_now = before.get("interest_median", 0), found["interest_median"]
    if row[0] >= SHAPED and usual and median_now and not usual <= 5 * median_now <= 25 * usual:
        findings.append(Finding("intake.E19_unit_flip", file=file, column="interest"))
    return found, findings


def jump(
    file: str, rows: int, sums: dict[str, int], week: list[tuple[int, dict[str, int]]]
) -> list[Finding]:
    """Compare rows (30 %) and principal (20 %) with the median of the last seven days."""
    if not week:
        return []
    usual = median(accounts for accounts, _ in week)
    owed = median(given.get("principal", 0) for _, given in week)
    findings = []
    if abs(rows - usual) * 100 > 30 * usual:
        findings.append(Finding("intake.H06_jump", file=file, column="rows"))
    if abs(sums["principal"] - owed) * 100 > 20 * owed:
        findings.append(Finding("intake.H06_jump", file=file, column="principal"))
    return findings


def at_fault(con: duckdb.DuckDBPyConnection, kind: Kind) -> list[tuple[int, str, str]]:
    """Return (row, column, code) of every fault of a kind, in the order of the file."""
    return con.execute(
        'SELECT row, "column", code FROM fault WHERE kind = ? ORDER BY row, code, "column"',
        [kind.name],
    ).fetchall()
