"""Serving: package folders answer ranking and search requests with the code that trained their models."""

from fuserank.serving.answered import Answered
from fuserank.serving.deploying import deploy
from fuserank.serving.deployment import Deployment, Lineup
from fuserank.serving.explaining import explain_answer
from fuserank.serving.following import Follower, lineup_of
from fuserank.serving.loading import load
from fuserank.serving.merchandising import Merchandising
from fuserank.serving.observing import observer
from fuserank.serving.package import Package, build_package, open_package
from fuserank.serving.release import Challenger, Release, read_release, write_release
from fuserank.serving.rules_following import RulesFollower, rules_file
from fuserank.serving.service import RankingService
from fuserank.serving.updates import catalogue_changes, updates_folder

__all__ = [
    "Answered",
    "Challenger",
    "Deployment",
    "Follower",
    "Lineup",
    "Merchandising",
    "Package",
    "RankingService",
    "Release",
    "RulesFollower",
    "build_package",
    "catalogue_changes",
    "deploy",
    "explain_answer",
    "lineup_of",
    "load",
    "observer",
    "open_package",
    "read_release",
    "rules_file",
    "updates_folder",
    "write_release",
]
