"""One module per kind of fault; each scenario registers itself."""
