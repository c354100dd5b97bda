"""The published bacteria spectra of Ho et al. 2019, and the protocol of the SMAE paper on them."""
