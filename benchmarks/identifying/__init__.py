"""Identification measured: queries, what speaks for whom, rivals, and how the judge learns."""
