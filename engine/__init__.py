"""Which tasks help or hurt each other in multi-task learning, and how to group them. Complete without the app."""
