"""`pretzel apply`: deploy what a manifest lists."""
