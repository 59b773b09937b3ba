"""Contestants of the walkers workload."""
