"""Questions to a parcel: a shipment's events are candidates, the one that answers is told from its own fields."""
