"""One module for each kind of fault; a scenario registers itself."""
