"""Rooms: indoor scenes made from a seed, ray-traced with exact maps of what is seen."""
