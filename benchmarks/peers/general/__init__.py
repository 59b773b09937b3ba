"""Contestants of the general workload."""
