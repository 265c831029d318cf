"""How queued runs get their workers: on this machine, or in a Ray cluster."""
