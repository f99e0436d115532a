"""`notify`: try the receiver of escalations, before one is needed."""
