"""`intake`: try what foreign payloads become, before a topic of them is read."""
