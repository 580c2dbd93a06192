"""Who acts in the market: strategies, and the drivers that let them act."""
