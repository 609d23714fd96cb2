"""Generated gRPC stubs of the package pretzel.v1; `make proto` writes them."""
