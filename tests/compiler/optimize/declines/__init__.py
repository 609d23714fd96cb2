"""Counterexamples for the rules, by subject."""
