"""Inventory files: CSV, JSON lines, TMF637 products and TMF638 services become relations, and back.

Pure: text in, values out. `files.load` is the door; what is wrong comes back as values too, all at once.
"""
