"""Figures of how reports went: from the journal alone, in one pass, with a small row a report."""
