"""Which spans the roles tell of: one an input that was taken, one a request that goes out, one a commit.

They are told after the confirmed commit, beside the work: nothing that goes out depends on them, and where
tracing is off nothing in here is called. Ids are derived from where a record lies (`telemetry.spans`).
"""
