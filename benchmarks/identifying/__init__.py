"""Identification measured: accuracy and calibration beside rivals."""
