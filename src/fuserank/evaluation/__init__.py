"""Offline evaluation: runs and qrels become measures, significance, slices and a leaderboard."""
