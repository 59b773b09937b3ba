"""Contestants of the tabulated workload."""
