"""Which neurons fired, at what value: sieved during the pass, packed, spilled and merged."""
