"""`verify`: proof that the report topic follows from the journal."""
