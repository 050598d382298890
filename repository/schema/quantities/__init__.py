"""The numbers behind: units, quantities, electrons, axes and their calibration, facts for search."""
