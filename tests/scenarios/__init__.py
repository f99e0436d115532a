"""Stories of one product, told in YAML, played on the pure core, and shown in `docs/processes`.

The language is described in `story`; README.md beside it shows it by example.
"""
