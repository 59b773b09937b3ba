"""Contestants of the forces workload."""
