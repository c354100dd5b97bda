"""RamanStudio: Raman spectra denoised by a masked autoencoder, with the signal-to-noise ratio before and after."""

__version__ = "0.1.0"
