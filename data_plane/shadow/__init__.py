"""Copies of calls for shadow versions, whose answers are compared with those that were given."""
