"""Counter-examples of the rules, by what the rules are on."""
