"""Ad recommendation: ads with bids and budgets, impressions, and the auction."""
