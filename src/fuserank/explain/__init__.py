"""Why a product stands where it does: true to the ranker, since every part asks the ranker itself."""
