"""Keeps immutable objects by digest, and the records that refer to them."""
