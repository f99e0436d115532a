"""The schema registry: subjects and their compatibility, what it holds, and what goes wrong with it."""
