"""Contestants of the mixing workload."""
