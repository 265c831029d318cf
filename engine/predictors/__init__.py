"""From what is known of some networks to every network's losses: one file a predictor."""
