"""The secret in which RDS keeps a database's password (``ManageMasterUserPassword``): MiniStack makes none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_ATTRIBUTE = "MasterUserSecret.SecretArn"


def with_master_secrets(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same template with a secret of its own, ``{Database}MasterUserSecret``, for each such database.

    It has the keys of RDS's, `username` and `password`, and stands wherever RDS's is named.
    """
    databases = {
        name: each.get("Properties", {})
        for name, each in template.get("Resources", {}).items()
        if each.get("Type") == "AWS::RDS::DBInstance" and each.get("Properties", {}).get("ManageMasterUserPassword")
    }
    if not databases:
        return template
    pointed: Mapping[str, Any] = _pointed(template, frozenset(databases))
    added = {_name(name): _secret(properties) for name, properties in databases.items()}
    return {**pointed, "Resources": {**pointed["Resources"], **added}}


def _name(database: str) -> str:
    return f"{database}MasterUserSecret"


def _secret(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    user = properties.get("MasterUsername", "postgres")
    with_user = {"Fn::Sub": ['{"username": "${User}"}', {"User": user}]}
    return {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {
            "GenerateSecretString": {
                "SecretStringTemplate": json.dumps({"username": user}) if isinstance(user, str) else with_user,
                "GenerateStringKey": "password",
                "ExcludePunctuation": True,
            }
        },
    }


def _pointed(part: Any, databases: frozenset[str]) -> Any:
    match part:
        case {"Fn::GetAtt": [str(name), attribute]} if name in databases and attribute == _ATTRIBUTE:
            return {"Fn::GetAtt": [_name(name), "Id"]}
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": _substituted(text, databases)}
        case {"Fn::Sub": [str(text), dict(more)]}:
            return {"Fn::Sub": [_substituted(text, databases), _pointed(more, databases)]}
        case dict():
            return {key: _pointed(each, databases) for key, each in part.items()}
        case list():
            return [_pointed(each, databases) for each in part]
        case _:
            return part


def _substituted(text: str, databases: frozenset[str]) -> str:
    return re.sub(
        r"\$\{(\w+)\.MasterUserSecret\.SecretArn\}",
        lambda found: f"${{{_name(found[1])}.Id}}" if found[1] in databases else found[0],
        text,
    )
