"""The user's own tables: read, kept, their columns guessed and corrected, encoded and split. Needs no torch."""
