"""`rollback --service`: what became of the other services' past is no reason to refuse."""

from __future__ import annotations

from tests.support.project import Shop


def released(shop: Shop, word: str) -> dict[str, str]:
    """Both services with another command each; what serves then."""
    shop.git("checkout", "-q", ".")
    shop.only("app", "worker")
    for service in ("app", "worker"):
        shop.template(service, command=[f"architecturedeck-{service}", f"--{word}"])
    ran = shop.run("release")
    assert ran.code == 0, ran.told
    return shop.account.running()


def test_it_goes_back_though_the_revision_of_another_service_is_inactive(shop: Shop) -> None:
    before = released(shop, "second")
    after = released(shop, "third")
    shop.account.client("ecs").deregister_task_definition(taskDefinition=before["app"])
    whole = shop.run("rollback")
    assert whole.code == 3, whole.told
    assert "is INACTIVE" in whole.err
    alone = shop.run("rollback", "--service", "worker")
    assert alone.code == 0, alone.told
    assert shop.account.running() == {"app": after["app"], "worker": before["worker"]}
    assert "drifted" not in shop.run("status").told, "the record says what the other one serves too"
