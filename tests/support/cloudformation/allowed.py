"""What checkov asks for and the templates do not do, each with the reason. Nothing else may be found in them."""

from __future__ import annotations

_OWN_KEY = (
    "encrypted with AWS's own key; a key of one's own is a dollar a month, and its policy can lock everybody out "
    "of the data. Nobody outside the account reads it either way"
)
_ACCESS_LOGS = (
    "who visited is personal data that nobody asked for: the app's log and the metrics tell what went wrong, "
    "CloudTrail who changed what"
)
_HTTP_WITHOUT_DOMAIN = (
    "the same listener redirects to HTTPS as soon as there is a domain; until then only CloudFront reaches it, "
    "see the check listener_redirects_to_https"
)

ALLOWED: dict[tuple[str, str], str] = {
    ("CKV_AWS_158", "AppLogs"): _OWN_KEY,
    ("CKV_AWS_158", "WorkerLogs"): _OWN_KEY,
    ("CKV_AWS_158", "MigrateLogs"): _OWN_KEY,
    ("CKV_AWS_158", "FlowLogGroup"): _OWN_KEY,
    ("CKV_AWS_158", "DatabaseLogs"): _OWN_KEY,
    ("CKV_AWS_158", "DatabaseUpgradeLogs"): _OWN_KEY,
    ("CKV_AWS_149", "DatabaseSecret"): _OWN_KEY,
    ("CKV_AWS_149", "RedisToken"): _OWN_KEY,
    ("CKV_AWS_149", "RedisSecret"): _OWN_KEY,
    ("CKV_AWS_149", "OpenAiKey"): _OWN_KEY,
    ("CKV_AWS_35", "Trail"): _OWN_KEY,
    ("CKV_AWS_136", "Images"): _OWN_KEY,
    ("CKV_AWS_119", "Ledger"): _OWN_KEY,
    ("CKV_AWS_91", "LoadBalancer"): _ACCESS_LOGS,
    ("CKV_AWS_86", "Cdn"): _ACCESS_LOGS,
    ("CKV_AWS_18", "Assets"): _ACCESS_LOGS,
    ("CKV_AWS_18", "TrailBucket"): "CloudTrail alone writes there, and validates its own files",
    ("CKV_AWS_2", "HttpListener"): _HTTP_WITHOUT_DOMAIN,
    ("CKV_AWS_103", "HttpListener"): _HTTP_WITHOUT_DOMAIN,
    ("CKV_AWS_68", "Cdn"): "a firewall is five dollars a month and rules of one's own; the guide asks for none",
    ("CKV_AWS_174", "Cdn"): "TLS 1.2 is asked for with a certificate of ours; with CloudFront's own it cannot be",
    ("CKV_AWS_26", "Alerts"): "CloudWatch cannot publish to a topic under AWS's own key; what it says is no secret",
    ("CKV_AWS_26", "SecurityAlerts"): "EventBridge cannot publish to a topic under AWS's own key",
    (
        "CKV_AWS_118",
        "Database",
    ): "Performance Insights and CloudWatch tell enough; enhanced monitoring is paid by the log line",
}
