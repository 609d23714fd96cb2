"""Tables, records, lists, sparse and Arrow data to columns, and answers back. No RPCs."""
