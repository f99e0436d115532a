"""Rebuilding report and watch topic from the journal alone."""
