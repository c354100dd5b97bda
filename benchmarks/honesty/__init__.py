"""Whether what is claimed of a denoised spectrum is true: its error, its peaks, their heights and widths."""
