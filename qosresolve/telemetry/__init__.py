"""What operators see of a running process: log lines, metrics, health."""
