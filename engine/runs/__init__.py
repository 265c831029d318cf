"""Runs: how one is described, stored, launched and worked off."""
