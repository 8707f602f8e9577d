"""What tests of several kinds share: images made on the spot, and the watch over the kernel's leftovers."""
