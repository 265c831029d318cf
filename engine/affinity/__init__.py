"""Estimators of how tasks relate, one file each, and the values they produce. Knows nothing of storage."""
