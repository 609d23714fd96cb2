"""Conversion of tables, records, lists, sparse and Arrow data to columns, and of outputs to results, without RPCs."""
