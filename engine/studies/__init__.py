"""What is known of the networks that tasks can share, what is foretold of the others, and which to train next."""
