"""Benchmarks: each compares the product with a bare reference in one run and prints the ratio.

`python -m tests.perf` runs them all, `python -m tests.perf start load` some; each is also a module of its own.
"""
