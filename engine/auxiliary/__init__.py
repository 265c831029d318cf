"""Auxiliary learning: tasks that train along for the sake of others."""
