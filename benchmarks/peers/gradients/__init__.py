"""Contestants of the gradients workload."""
