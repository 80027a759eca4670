"""What can be wrong with a delivery, and what follows from it: one table of codes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_noop as _

from dunwell.kernel.refusal import Refusal, Words


class Verdict(StrEnum):
    """What a finding does; the weightiest of a delivery decides."""

    REFUSE = "refuse"  # nothing is loaded
    HOLD = "hold"  # nothing is loaded until the missing part or an approval comes
    ROW = "row"  # the row waits in quarantine until it is corrected
    LOOK = "look"  # the row waits in quarantine until a person has looked at it
    NOTE = "note"  # made good, and said so
    ALARM = "alarm"  # taken in as it is, and somebody should know


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: where it is, and the value as it may be shown."""

    code: str
    file: str = ""
    row: int | None = None
    column: str = ""
    masked: str = ""
    count: int = 1

    @property
    def verdict(self) -> Verdict:
        return CODES[self.code][0]

    @property
    def says(self) -> str:
        """What it is, as an English message id; whoever shows it translates it."""
        return CODES[self.code][1]

    def as_json(self) -> dict[str, object]:
        """Return it as the report keeps it."""
        return {
            "code": self.code,
            "verdict": str(self.verdict),
            "says": self.says,
            "file": self.file,
            "row": self.row,
            "column": self.column,
            "masked": self.masked,
            "count": self.count,
        }


RF, H, RR, Q, N, AL = (
    Verdict.REFUSE,
    Verdict.HOLD,
    Verdict.ROW,
    Verdict.LOOK,
    Verdict.NOTE,
    Verdict.ALARM,
)

# Letter and number are those of the catalogue in docs/intake.md.
CODES: dict[str, tuple[Verdict, str]] = {
    "intake.A01_empty_file": (RF, _("The file is empty.")),
    "intake.A03_cut_in_row": (RF, _("The file ends in the middle of a row.")),
    "intake.A05_broken_archive": (RF, _("The archive or file is cut short or damaged.")),
    "intake.A06_no_manifest": (H, _("No manifest.json yet: the delivery is not complete.")),
    "intake.A06_still_growing": (H, _("The files are still being written.")),
    "intake.A08_other_content": (
        RF,
        _("This business day was applied before with other content."),
    ),
    "intake.A09_other_name": (AL, _("This content was applied before under another name.")),
    "intake.A10_wrong_portfolio": (RF, _("The portfolio is unknown or not the one asked for.")),
    "intake.A11_test_data": (RF, _("The manifest says that these are test data.")),
    "intake.A13_day_missing": (H, _("A delivery of an earlier day has not been applied.")),
    "intake.A13_new_cycle": (AL, _("Long after the delivery before; taken as a new cycle.")),
    "intake.A14_older_day": (RF, _("A later day has already been applied.")),
    "intake.A14_future_day": (AL, _("The business date has not come yet.")),
    "intake.A14_far_day": (H, _("The business date is later than tomorrow.")),
    "intake.A14_too_early": (RF, _("The business date is before 1990.")),
    "intake.A15_part_missing": (H, _("A file that the manifest names has not come.")),
    "intake.A16_busy": (H, _("Another delivery of this portfolio is being loaded now.")),
    "intake.A17_odd_name": (N, _("The file's name is unusual; an internal name was used.")),
    "intake.A18_hash_mismatch": (RF, _("The file is not the one that the manifest describes.")),
    "intake.A18_signed_or_sealed": (RF, _("Encrypted or signed files are not read here.")),
    "intake.A19_disk_full": (RF, _("The disk is full. Nothing was loaded.")),
    "intake.B05_utf16": (RF, _("The file is UTF-16. Deliver UTF-8 or GB18030.")),
    "intake.B07_other_encoding": (RF, _("The text is UTF-8, but another encoding is declared.")),
    "intake.B08_undecodable": (RF, _("The bytes do not fit the declared encoding.")),
    "intake.B09_mojibake": (Q, _("The text was garbled before it came.")),
    "intake.B11_nul": (RR, _("The row holds NUL characters.")),
    "intake.B12_invisible": (N, _("Invisible characters were taken out.")),
    "intake.B12_only_invisible": (Q, _("Nothing is left when invisible characters are gone.")),
    "intake.B13_private_use": (Q, _("The text holds private-use characters.")),
    "intake.B15_composed": (N, _("Characters were brought to their composed form.")),
    "intake.B16_full_width": (N, _("Full-width letters and digits were made plain.")),
    "intake.B18_line_ends": (N, _("Unusual line ends were read as line ends.")),
    "intake.B02_byte_order_mark": (N, _("The file begins with a byte order mark.")),
    "intake.C01_missing_column": (RF, _("A required column is missing.")),
    "intake.C02_extra_column": (N, _("A column that is not known was left out.")),
    "intake.C04_duplicate_header": (RF, _("Two columns have the same name.")),
    "intake.C05_header_style": (N, _("Column names were read without case, spaces or width.")),
    "intake.C06_ragged": (RR, _("The row has too few or too many fields.")),
    "intake.C07_unclosed_quote": (RF, _("A quote is opened and never closed.")),
    "intake.C08_quote_inside": (RR, _("A quote stands inside a field without being doubled.")),
    "intake.C11_separator": (RF, _("The fields are not separated by commas.")),
    "intake.C12_too_long": (RR, _("The value is too long.")),
    "intake.C13_too_many_columns": (
        RF,
        _("The header has too many columns, or a line never ends."),
    ),
    "intake.C14_blank_lines": (N, _("Blank lines were left out.")),
    "intake.C15_preamble": (RF, _("Lines stand before the header.")),
    "intake.C16_fixed_width": (RF, _("Fixed-width text is not read here.")),
    "intake.C17_json_lines": (RF, _("JSON files are not read here.")),
    "intake.C18_xml": (RF, _("XML files are not read here.")),
    "intake.C19_inexact_type": (RF, _("A Parquet column's type cannot hold such values exactly.")),
    "intake.D01_number_for_text": (
        RF,
        _("A number stands where text belongs: zeros or digits may be lost. Format it as text."),
    ),
    "intake.D02_exponent": (RF, _("A reference was shortened to a power of ten.")),
    "intake.D03_width": (RF, _("A value has not the width that the mapping declares.")),
    "intake.D04_day_numbers": (N, _("Day numbers in date columns were read as dates.")),
    "intake.D05_day_number": (RR, _("The day number is no sure date.")),
    "intake.D06_since_1904": (N, _("The workbook counts its days from 1904; so they were read.")),
    "intake.D07_day_as_text": (
        RR,
        _("The date is text that the workbook did not take for a date."),
    ),
    "intake.D08_formula": (RF, _("A cell is calculated. Deliver values in place of formulas.")),
    "intake.D09_active": (
        RF,
        _("The workbook holds macros, links or embedded objects. Save it without them."),
    ),
    "intake.D09_protected": (
        RF,
        _("A password protects the workbook, or it is an old .xls. Save it as plain XLSX."),
    ),
    "intake.D09_workbook": (
        RF,
        _("Not a data file that is read here. Deliver CSV, Parquet or XLSX, named so."),
    ),
    "intake.D10_hidden": (
        RF,
        _("Rows, columns or the sheet are hidden or filtered. Show everything."),
    ),
    "intake.D10_merged": (RF, _("Cells are merged. Split them: each row needs its own values.")),
    "intake.D10_sheets": (RF, _("Name the sheet to be read in the manifest.")),
    "intake.D12_last_row": (RF, _("The sheet is full to its last row: data were likely cut.")),
    "intake.D13_empty_rows": (N, _("Empty rows at the end of the sheet were left out.")),
    "intake.D14_error_cell": (RR, _("The cell holds an error, not a value.")),
    "intake.D15_shown_otherwise": (
        RR,
        _("The number is shown as a percentage, money or a date: it may mean another."),
    ),
    "intake.E01_grouped": (RR, _("Thousands separators that the mapping does not declare.")),
    "intake.E03_spaced": (RR, _("The number has spaces inside.")),
    "intake.E04_sign_style": (RR, _("A sign style that the mapping does not declare.")),
    "intake.E06_foreign_digits": (RR, _("Digits of another script.")),
    "intake.E07_underscore": (RR, _("The number holds an underscore.")),
    "intake.E08_number_style": (RR, _("Not a plain decimal number.")),
    "intake.E09_not_a_number": (RR, _("Not a number, infinite, or minus zero.")),
    "intake.E10_odd_minus": (RR, _("A minus sign that is not the plain one.")),
    "intake.E11_decimals": (RR, _("More decimals than the currency has.")),
    "intake.E13_overflow": (RR, _("The number is larger than any amount kept.")),
    "intake.E14_negative": (Q, _("A negative amount where none belongs.")),
    "intake.E15_nothing_owed": (Q, _("Past due, but no balance is owed.")),
    "intake.E16_fees": (Q, _("The fees are many times the principal.")),
    "intake.E17_currency_sign": (RR, _("A currency sign or unit stands in the number.")),
    "intake.E18_empty": (RR, _("A required value is empty.")),
    "intake.E19_unit_flip": (H, _("Interest is more than five times off the day before.")),
    "intake.E20_balance": (RR, _("The balance is not the sum of its parts.")),
    "intake.E21_movements": (Q, _("The balance fell by more than the payments explain.")),
    "intake.E21_movements_many": (H, _("Many balances fell by more than the payments explain.")),
    "intake.F01_no_such_day": (RR, _("There is no such day.")),
    "intake.F03_ambiguous_date": (RF, _("Day and month cannot be told apart. Declare the format.")),
    "intake.F04_date_style": (RR, _("Not a date as YYYY-MM-DD.")),
    "intake.F05_two_digit_year": (RR, _("The year has two digits.")),
    "intake.F06_no_date": (RR, _("A stand-in for no date, or a needed date is missing.")),
    "intake.F07_future": (RR, _("The date lies after the business date.")),
    "intake.F08_age": (Q, _("The cardholder would be under 18 or over 110.")),
    "intake.F09_order": (RR, _("The due date is before the opening date.")),
    "intake.F11_time_in_date": (RR, _("A time stands where a date belongs.")),
    "intake.F12_zone": (RR, _("The time zone is unknown.")),
    "intake.F13_business_date": (RF, _("The dates of name and manifest differ.")),
    "intake.F14_other_calendar": (RR, _("The year is of another calendar.")),
    "intake.G01_repeated": (N, _("The same row more than once; one was kept.")),
    "intake.G02_key_twice": (RF, _("The same key with different content.")),
    "intake.G02_contact_twice": (Q, _("The same contact point with different content.")),
    "intake.G03_key_clash": (RF, _("Two keys differ only in zeros or case.")),
    "intake.G04_key_reused": (Q, _("The key belonged to another person.")),
    "intake.G05_id_check_digit": (Q, _("The check digit of the identity number is wrong.")),
    "intake.G06_phone": (Q, _("Not a number of this kind.")),
    "intake.G06_shared_phone": (Q, _("The same number for more than 20 people.")),
    "intake.G07_email": (Q, _("Not a usable e-mail address.")),
    "intake.G08_placeholder": (Q, _("A placeholder, not a name.")),
    "intake.G09_flag": (RR, _("Neither true nor false.")),
    "intake.G10_guarantor_is_debtor": (Q, _("The guarantor is the debtor himself.")),
    "intake.G11_card_number": (AL, _("A full card number was masked before it was kept.")),
    "intake.G11_card_number_as_key": (RR, _("A full card number is used as a reference.")),
    "intake.G12_card_secret": (RF, _("A column for a card's secret code must not be delivered.")),
    "intake.G13_currency": (RR, _("The currency is not the portfolio's.")),
    "intake.G14_closed_before": (Q, _("The account was closed before and is back.")),
    "intake.G15_vanished": (AL, _("Accounts are gone without closing; carried forward.")),
    "intake.G16_unknown_customer": (RR, _("The customer is not known.")),
    "intake.G17_not_a_choice": (RR, _("Not one of the allowed words.")),
    "intake.G18_code_style": (RR, _("Not written as a code of this kind.")),
    "intake.H01_rows": (RF, _("The number of rows is not the declared one.")),
    "intake.H02_total": (RF, _("A total is not the declared one.")),
    "intake.H02_unproven": (AL, _("A total cannot be proved: a row at fault belongs to it.")),
    "intake.H03_hash_total": (RF, _("The hash total of the references is not the declared one.")),
    "intake.H05_manifest": (RF, _("The manifest is not as it must be.")),
    "intake.H06_jump": (H, _("Rows or totals are far from the days before.")),
    "intake.H07_uniform": (H, _("Balances are all equal, all zero or a hundred times before.")),
    "intake.H08_unknown_account": (Q, _("Payment for an unknown account.")),
    "intake.H09_reversal": (RR, _("The reversal does not fit what it reverses.")),
    "intake.H09_no_original": (Q, _("What is reversed is not known.")),
    "intake.H10_two_amounts": (RF, _("One payment reference with two contents.")),
    "intake.H12_currency": (RR, _("The payment's currency is not the account's.")),
    "intake.H13_after_settlement": (Q, _("Payment on an account that is closed and paid.")),
    "intake.H14_correction": (
        RF,
        _("A day already applied is not corrected afterwards. Deliver the figures with the next."),
    ),
    "intake.I04_too_large": (RF, _("The archive is too large or unpacks too far.")),
    "intake.I05_nested": (RF, _("Archives inside the archive, or lying about sizes.")),
    "intake.I08_unsafe_path": (RF, _("A path that leaves the delivery's folder.")),
    "intake.I09_disguised": (RF, _("The content is not what the name says.")),
    "intake.L02_too_many_waiting": (
        RF,
        _("More rows at fault than quarantine takes. Have the file corrected."),
    ),
    "intake.L01_error_limit": (RF, _("More rows at fault than the portfolio allows.")),
    "intake.M01_mapping": (RF, _("The mapping file is not as it must be.")),
}


def said(code: str, column: str = "") -> Refusal:
    """Return the fault as a person's request is refused with it, the column first."""
    if not column:
        return Refusal(code, CODES[code][1])
    return Refusal(
        code, "%(column)s: %(fault)s", named={"column": column, "fault": Words(CODES[code][1])}
    )


class Stop(Exception):
    """Reading cannot go on; the findings say why."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__("; ".join(f"{f.code} {f.file} {f.column}".strip() for f in findings))
