"""The operator's policy: from a YAML file to what the core reads.

`file` is the door: load, check, compile. The canonical form is content-addressed; reading it back needs
`canonical` alone.
"""
