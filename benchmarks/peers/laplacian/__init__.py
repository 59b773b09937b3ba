"""Contestants of the workloads laplacian and laplacian-chained."""
