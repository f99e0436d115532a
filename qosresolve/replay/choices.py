"""What people choose by a word: an order, a grouping, a format. Apart, so that help imports nothing else."""

from enum import StrEnum


class Sort(StrEnum):
    """What a list is sorted by; what is equal there, by what breaks next."""

    BREACH = "breach"
    DUE = "due"
    OPENED = "opened"
    SEVERITY = "severity"
    TIER = "tier"
    CUSTOMER = "customer"


class By(StrEnum):
    """What figures are grouped by; a week is that of the opening, by ISO 8601 in UTC."""

    TIER = "tier"
    WEEK = "week"
    CUSTOMER = "customer"
    INDICATOR = "indicator"


class Format(StrEnum):
    """How rows are written."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
