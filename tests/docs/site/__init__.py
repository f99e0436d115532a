"""How the site is built from docs/: its navigation, and the hooks of mkdocs."""
