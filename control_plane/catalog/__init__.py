"""Names models, versions, aliases and the revision that workers follow."""
