"""What a user would otherwise pick: filters, decompositions, a network for denoising, classifiers for labels."""
