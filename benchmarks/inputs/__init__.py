"""What contestants compute on: random graphs, a radial network, the table that stands for it."""
