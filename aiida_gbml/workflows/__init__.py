"""Work chains: the order of work, no arithmetic."""
