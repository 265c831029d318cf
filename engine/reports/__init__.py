"""What can be handed on of a run: a report, and its matrix as an animation; each one file that asks nobody for more."""
