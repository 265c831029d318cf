"""Training networks on several tasks: losses, the loop, evaluation."""
