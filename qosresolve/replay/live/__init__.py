"""The auditor: verification that is always on. It reads journal and state, live, and writes nothing."""
