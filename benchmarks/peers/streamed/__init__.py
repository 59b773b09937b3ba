"""Contestants of the streamed workload."""
