"""What an app's log says of its environment: variables that are missing or no address, secrets never filled in."""

from __future__ import annotations

from dataclasses import replace

from deploytool.ecs.log_lines import LogRule, any_of

_VARIABLE = r"(?-i:(?<![A-Z_])(?!ERR_|HTTPS?_PROXY|NO_PROXY)[A-Z][A-Z0-9]*(?:_+[A-Z0-9]+)+)"
"""With an underscore: nothing else is written so."""
_WORD = r"(?-i:[A-Z][A-Z0-9_]{2,})"
_Q = "[\"'`“”‘’]?"
_UNSET = (
    r"(?:(?:is|was|are|has) (?:not|n't|missing|undefined|unset|required|empty|blank|null|nil|mandatory)|(?:is"
    r"|was)n'?t (?:set|defined|provided|found|configured)|must (?:be (?:set|defined|provided|present|configured"
    r"|specified)|not be (?:empty|blank|null))|should (?:be set|not be empty)|not (?:set|defined|found|provided"
    r"|configured|specified|present)|missing|required|undefined|unset|needs to be (?:set|defined)|cannot be empty"
    r"|required but|resolved to an empty string)"
)
_ADD = (
    "add {name} to secrets (a secret) or environment of the container in the task definition (the template that "
    "deploytool.yml names, or the stack), then release again"
)
_NOT_SET = "the environment variable {name} is not set"
_OPTIONAL = any_of(
    r"not set,? (?:so|using|default|skip|disab|assum|ignor)",
    r"using (?:the )?(?:default|fallback)|, using\b",
    r"default(?:s|ing) to",
    r"disabled",
    r"skipp",
    r"ignor",
    r"optional(?! dependenc)",
    r"fall(?:ing|s)? ?back",
    r"will (?:use|be disabled|not be)",
    r"recommended",
)


def _unset(pattern: str, lines: int = 1, unless: str = _OPTIONAL) -> LogRule:
    return LogRule("app-variable-missing", pattern, _NOT_SET, _ADD, rank=0, lines=lines, unless=unless)


VARIABLES = (
    LogRule(
        "app-database-password-missing",
        any_of(
            r"client password must be a string",
            r"fe_sendauth: no password supplied",
            r"empty password returned by client",
            r"no password was provided",
            r"server requested password-based authentication, but no password",
            r"SCRAM authentication requires (?:a|libpq).{0,30}password",
            r"using password: NO\)",
        ),
        "the app connects to its database without a password: the variable that it reads it from is not set",
        "set the variable of the password (such as DATABASE_PASSWORD, or the URL that holds it) in secrets of the "
        "container in the task definition",
        rank=0,
    ),
    LogRule(
        "app-variable-missing",
        any_of(
            r"(?:ENOTFOUND|EAI_AGAIN|lookup|host(?: ?name)?:?|Could not resolve host:?) [\"'`]?(?P<value>undefined"
            r"|null|None|NaN)\b",
            r"Invalid URL[^\n]{0,40}(?:undefined|'null')",
            r"Invalid URL[^\n]*\n(?:[^\n]*\n){0,9}?\s*input: '(?:undefined|null)?'",
            r"://undefined\b",
        ),
        "the app uses an address that is empty or undefined: the environment variable that it is made from is not set",
        "add the variable of that address to environment or secrets of the container in the task definition",
        rank=0,
        lines=12,
    ),
    # Libraries whose message names the variable in their own way.
    _unset(rf"environment variables? not found: {_Q}(?P<name>\w+)"),
    _unset(r"(?:environment|env)[ -]?(?:variable|var) [\"'`](?P<name>[\w.:-]+)[\"'`],? " + _UNSET),
    _unset(rf"(?P<name>{_WORD}) not found\. Declare it as envvar"),
    _unset(rf"Set the (?P<name>{_WORD}) environment variable"),
    _unset(rf"env-var: {_Q}(?P<name>\w+){_Q} is a required variable"),
    _unset(r"required key (?P<name>\w+) missing value"),
    _unset(r"Could not resolve placeholder '(?P<name>[\w.-]+)(?::[^']*)?' in (?:value|string value)"),
    _unset(r"Configuration key [\"'](?P<name>[\w.]+)[\"'] does not exist"),
    _unset(rf"key not found: :?[\"'](?P<name>{_WORD})[\"']"),
    _unset(rf"could not fetch environment variable {_Q}(?P<name>\w+){_Q} because it is not set"),
    _unset(rf"(?:^|: )(?P<name>{_WORD}): (?:unbound variable|parameter (?:null or )?not set|must be set|is required)"),
    _unset(rf"Missing {_Q}(?P<name>[a-z_]*secret_key_base|[A-Z_]*SECRET_KEY_BASE){_Q} for '?\w+'? environment"),
    _unset(r"[\"'](?P<name>(?-i:[A-Z][A-Z0-9_]+))[\"'] (?:is required|is not allowed to be empty|must be a)"),
    _unset(rf"process\.env\.(?P<name>{_WORD}){_Q} (?:is )?{_UNSET}"),
    _unset(
        r"(?:variables? (?:were|was|are|is) (?:defined in|missing|not set|required)[^\n]{0,120}|(?:missing"
        r"|required|unset|undefined) (?:required )?(?:environment|env|config)\w*(?: variables?|"
        rf" vars?)?[^\n:]{{0,60}}):?\s*(?:\n[^\n]*?)??{_Q}[-*•\s\[("
        rf"{{]*{_Q}(?P<name>{_VARIABLE}|(?<=\n)\s*(?-i:[A-Z][A-Z0-9]{{2,}})(?=:|\s*$))",
        lines=4,
    ),
    # zod, t3-env, envalid: a list of variables below or behind a headline.
    _unset(
        r"(?:(?:invalid|missing|bad|failed)[^\n]{0,40}(?:env\b|environment|config)|(?:env\b|environment|config)[^\n]{0,30}"
        r"(?:invalid|failed|errors?))[^\n]*?(?:\n(?:[^\n]*\n){0,9}?[^\n]*?)??"
        rf"[\"']?(?P<name>{_WORD})[\"']?:?\s*[\[({{:=]?\s*[\[{{]?\s*(?:_errors:\s*\[\s*)?[\"'`]?(?:Required\b"
        r"|Invalid input: expected \w+, received undefined|is required|undefined|missing)",
        lines=12,
    ),
    _unset(
        any_of(
            rf"path[\"']?:\s*\[\s*[\"'](?P<name>{_WORD})[\"']\s*\][^}}]{{0,80}}?(?:Required|received undefined)",
            rf"received[\"']?:\s*[\"']undefined[\"'][^}}]{{0,80}}?path[\"']?:\s*\[\s*[\"'](?P<name2>{_WORD})[\"']",
            rf"received undefined\s*→ at (?P<name3>{_WORD})",
        ),
        lines=8,
    ),
    _unset(
        rf"[\"'](?P<name>{_WORD})[\"']:\s*\{{\s*[\"']?_errors[\"']?:\s*\[\s*[\"'](?:Required|[^\n]*received undefined)",
        lines=4,
    ),
    # pydantic-settings, versions 1 and 2.
    _unset(
        r"validation errors? for \w*(?:Settings|Config|Env)\w*\s*\n(?:[^\n]*\n){0,6}?"
        r"(?P<name>[A-Za-z_][\w.]*)\s*\n\s*Field required",
        lines=9,
    ),
    # Python: the bare KeyError of os.environ.
    _unset(
        any_of(
            r"environ\[[^\n]*\n(?:[^\n]*\n){0,8}?[^\n]*KeyError: [\"'](?P<name>\w+)[\"']",
            r"(?:raise KeyError\(key\) from None|<frozen os>[^\n]*)\n(?:\s[^\n]*\n)?KeyError: [\"'](?P<name3>\w+)[\"']",
        ),
        lines=10,
    ),
    replace(
        _unset(rf"(?:^|[\s:])KeyError: [\"'](?P<name>{_VARIABLE})[\"']"),
        alone=True,
    ),
    # Django.
    LogRule(
        "app-variable-missing",
        any_of(
            r"The (?P<name>SECRET_KEY) setting must not be empty",
            r"settings\.(?P<name2>DATABASES) is improperly configured",
            r"environment variable (?P<name3>DJANGO_SETTINGS_MODULE) or call settings\.configure",
        ),
        "the setting {name} is empty: the environment variable behind it is not set",
        _ADD,
        rank=0,
    ),
    # In words, with "environment variable" beside the name, or a name that can be nothing else.
    _unset(
        rf"(?:environment|env)[ -]?(?:variables?|vars?)[:,]? (?:called |named )?{_Q}\$?(?P<name>{_WORD}){_Q},?"
        rf" [^\n]{{0,20}}?{_UNSET}"
    ),
    _unset(
        r"(?:missing|undefined|unset|provide|set|define|specify|configure|requires?|need)[^\n]{0,30} "
        rf"(?:environment|env)[ -]?(?:variables?|vars?):? {_Q}\$?(?P<name>{_WORD})\b"
    ),
    _unset(rf"\$?\b(?P<name>{_WORD}){_Q},? (?:environment|env)[ -]?(?:variables?|vars?) {_UNSET}"),
    _unset(
        r"(?:must|please|need to|have to|by) (?:set|setting|provide|define|specify|export|configure)[^\n]{0,24}?"
        rf" {_Q}\$?(?P<name>{_WORD}){_Q},? (?:environment|env)[ -]?(?:variable|var)"
    ),
    _unset(
        rf"\$?\b(?P<name>{_VARIABLE}){_Q},? (?!not found){_UNSET}",
        unless=rf"{_OPTIONAL}|\bcode\b|\bin (?:the )?(?:\w+ )?(?:body|query|request|payload|params|header)",
    ),
    _unset(
        r"(?:missing|must (?:set|provide|define)|please (?:set|provide|define)|undefined|no|required)(?: required|"
        rf" the| a)?(?: \w+)?:? {_Q}\$?(?P<name>{_VARIABLE}){_Q}(?:$|[\s.,;!)])",
        unless=_OPTIONAL,
    ),
    LogRule(
        "app-variable-missing",
        any_of(
            r"No application encryption key has been specified",
            r"Err`? value: NotPresent",
            r"secretOrPrivateKey must have a value",
            r"JwtStrategy requires a secret or key",
            r"secret option required for sessions",
            r"supabase(?:Url|Key) is required",
            r"MissingSecret\b",
            r"\[NO_SECRET\]",
            r"Region is missing",
            r"Failed to configure a DataSource|Failed to determine a suitable driver class",
            r"\(Parameter 'connectionString'\)|ConnectionString property has not been initialized",
            r"Missing API key\. Pass it",
            r"You must specify a region",
            r"Missing publishableKey",
            r"Missing secretKey",
            r"Neither apiKey nor config\.authenticator provided",
        ),
        "a required setting of the app is empty: the environment variable that it is read from is not set",
        "add the variable of that setting to environment or secrets of the container in the task definition",
        rank=0,
    ),
    LogRule(
        "app-variable-invalid",
        any_of(
            r"the URL must start with the protocol",
            r"provided database string is invalid",
            r"P1013\b",
            r"Error parsing connection string",
            r"Could not parse (?:rfc1738|SQLAlchemy) URL",
            r"invalid (?:DSN|connection string)",
            r"Invalid (?:redis|database|mongo\w*) URL",
            r"Invalid scheme, expected connection string",
        ),
        "the address in an environment variable, usually DATABASE_URL or REDIS_URL, is empty or not a valid URL",
        "correct the value that the container gets in environment or secrets of the task definition; percent-encode "
        "special characters of a password",
        rank=0,
    ),
)

_CONFIDENTIAL = r"(?-i:[A-Z0-9_]*(?:KEY|SECRET|TOKEN|PASSWORD|SALT)[A-Z0-9_]*)"
_FAKE = (
    r"(?:change[-_ ]?(?:me|this|it)\w*|replace[-_ ]?(?:me|this|with)\w*|place[-_ ]?holder\w*|your[-_](?:\w+[-_]?)+"
    r"|<[\w -]+>|to-?do|fix-?me|xxx+|dummy\w*|insert[-_ ]\w+|example-?(?:key|secret))"
)
_PUT_VALUE = (
    "put the real value into the secret that the task definition names (aws secretsmanager put-secret-value), then "
    "release again: tasks read secrets only when they start"
)
SECRETS = (
    LogRule(
        "app-secret-placeholder",
        r"(?:API key(?: provided)?|token|secret|password|ENOTFOUND|EAI_AGAIN|lookup|host name|user|Invalid URL"
        rf"|input|value)[:= ]+[\"'`]?(?:[a-z]{{2}}_(?:test|live)_)?(?P<value>{_FAKE})",
        "a secret or variable still has its placeholder as value",
        _PUT_VALUE,
        rank=0,
        unless=r"example|e\.g\.|such as|documentation",
    ),
    LogRule(
        "app-secret-placeholder",
        any_of(
            rf"(?P<name>{_CONFIDENTIAL}){_Q},? [^\n]{{0,20}}(?:is|has|still|uses?|set to|changed from|contains)\b"
            rf"[^\n]{{0,40}}(?:placeholder|default|[\"'`]{_FAKE}[\"'`])",
            rf"(?:default|insecure|placeholder|example)[^\n]{{0,24}} (?P<name2>{_CONFIDENTIAL})[^\n]{{0,60}}"
            r"(?:refus|detected|must|change|replace|not allowed)",
        ),
        "the secret {name} still has its placeholder or default as value",
        _PUT_VALUE,
        rank=0,
        unless=_OPTIONAL,
    ),
    LogRule(
        "app-secret-rejected",
        any_of(
            r"Incorrect API key provided",
            r"Invalid API Key provided",
            r"invalid_api_key",
            r"invalid x-api-key",
            r"API key not valid",
            r"The security token included in the request is invalid",
            r"InvalidClientTokenId",
        ),
        "a service rejects the app's API key: it is wrong, expired, or still a placeholder",
        _PUT_VALUE,
    ),
)
