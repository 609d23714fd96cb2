"""Tests of load reports."""
