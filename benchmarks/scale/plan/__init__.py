"""A planner: what machines hold and cost, where models are placed, what a zone's loss does, where control ends."""
