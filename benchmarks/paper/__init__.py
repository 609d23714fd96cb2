"""The evaluation of the PRETZEL paper, reproduced and extended: workloads, experiments, rivals and the report."""
