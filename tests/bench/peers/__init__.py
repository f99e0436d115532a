"""What one would write or take instead of qosresolve, each as good as its own documentation makes it."""
