"""Turns an estimator in memory into a pipeline definition."""
