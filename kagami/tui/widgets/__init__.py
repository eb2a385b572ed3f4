"""Parts that places are built of; each paints lines of cells."""
