"""The numbers behind: units, quantities, electrons, axes and their scales."""
