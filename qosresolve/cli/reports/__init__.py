"""`reports`: the reports as they lie on their topic, and the journal behind one."""
