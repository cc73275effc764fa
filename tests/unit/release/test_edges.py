"""Cases of a release that no other test of this room reaches."""

from __future__ import annotations

from deploytool.ecs.deployment_model import NOT_SEEN, Rollout, ServiceRollout
from deploytool.errors import SupersededBy
from deploytool.release.events import WarningIssued
from deploytool.release.model import GithubRecord
from deploytool.release.rollout import require_ownership
from deploytool.release.verify import last_log_lines
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.faults import Fault, denied

ROLLOUT = Rollout("app", "ecs-svc/2", "app:2")


def test_a_sighting_stays_when_ecs_does_not_respond() -> None:
    assert ServiceRollout("app", ROLLOUT).seen_in(None, 5.0) == (NOT_SEEN, None)


def test_every_comment_of_a_release_is_known_when_it_wrote_to_several_pull_requests() -> None:
    assert GithubRecord(comment_id=7, other_comments=(8, 9)).comments == (7, 8, 9)
    assert GithubRecord(other_comments=(8,)).comments == (8,)


def test_a_revert_is_allowed_when_a_newer_release_asked_for_the_lock() -> None:
    cloud = Cloud()
    cloud.lease.ends_with = SupersededBy("r-1", "r-2")

    require_ownership(cloud.deps)


def test_a_failed_check_has_no_log_when_the_tasks_cannot_be_listed() -> None:
    cloud = Cloud()
    cloud.ecs.faults.append(Fault("ListTasks", denied("ListTasks")))

    assert last_log_lines(ROLLOUT, cloud.deps) == ()
    assert [type(event) for event in cloud.events] == [WarningIssued]
