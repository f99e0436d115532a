"""qosresolve: Track & Manage Customer QoS Performance Resolution (eTOM 1.3.8.5) on Apache Kafka."""

__version__ = "0.1.0"
