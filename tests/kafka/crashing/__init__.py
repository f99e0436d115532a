"""A folder for PYTHONPATH: its `sitecustomize` makes marked records end the process that takes them."""
