"""Dates on Chinese pages: short in lists, in full in headings."""

SHORT_DATE_FORMAT = "Y-m-d"
SHORT_DATETIME_FORMAT = "Y-m-d H:i"
DATE_FORMAT = "Y年n月j日"
