"""Tracing of functions that users wrote: each runs once over symbolic columns, and becomes ordinary operators."""
