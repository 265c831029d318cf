"""Classical multi-task learning: one linear model a task, tied to the others by a penalty. Needs no torch."""
