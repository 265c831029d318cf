"""The provably best grouping of tasks into networks: affinities in, a grouping with its certificate out."""
