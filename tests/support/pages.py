"""Pages that are written by hand but for a table: the table lies between two markers."""


def markers(name: str) -> tuple[str, str]:
    """Return what stands before a table, and what behind it."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def between(page: str, name: str, table: str) -> str:
    """Return a page with a table between the two markers of a name."""
    begin, end = markers(name)
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{table}\n\n{end}{after}"
