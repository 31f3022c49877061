"""User behaviour: funnel, affinities, cohorts, and the next purchase as a dataset."""
