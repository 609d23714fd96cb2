"""Load reports of ORCA, by which clients and proxies balance calls over workers."""
