"""What the readers of all formats share: the contract, bytes, HDF5, units, names, refusals."""
