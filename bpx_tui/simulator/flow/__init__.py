"""Seeded order flow and seeded history: what makes the simulated markets move."""
