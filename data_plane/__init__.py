"""The workers: they pull plans, keep them resident, schedule requests and answer them."""
