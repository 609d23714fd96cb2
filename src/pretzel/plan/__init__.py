"""The intermediate representation: typed operators, graphs, digests and their text form."""
