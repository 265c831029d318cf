"""Data sets, one file each: tasks, splits and batches."""
