"""HDF5 written as a stream, without a science library: groups, attributes, small values, and arrays as they are stored.

What this knows of the format is in the HDF5 File Format Specification 3.0,
https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html; h5py reads what it writes in the tests.
"""
