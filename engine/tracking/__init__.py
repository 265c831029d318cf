"""Affinity in anyone's own training loop: the tracker, callbacks for training frameworks, writers to other tools."""
