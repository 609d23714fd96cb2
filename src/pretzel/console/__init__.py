"""The console: pages that show what is deployed and how it is served, and change nothing.

It is a client: it asks the control plane by its RPCs, and reads the metrics of the workers.
"""
