"""The fault harness, `make test-faults`: real servers under load while disks fill, files rot and processes die."""
