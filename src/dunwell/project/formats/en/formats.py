"""Dates on English pages: 10/11 is October to one reader and November to the next."""

SHORT_DATE_FORMAT = "Y-m-d"
SHORT_DATETIME_FORMAT = "Y-m-d H:i"
DATE_FORMAT = "j F Y"
