"""The networks that are evaluated on ciphertexts, how they are trained, and the comparison of them."""
