"""How fast the generated convolutions are, against the memory floor and what people use instead.

Run `python -m benchmarks --help` from the repository root.
"""
