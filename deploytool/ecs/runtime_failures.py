"""What an app's log says of its environment, its image and its process: variables, files, ports, memory, CPU."""

from __future__ import annotations

from deploytool.ecs.log_lines import LogRule, any_of

_VARIABLE = r"(?-i:[A-Z][A-Z0-9]*(?:_+[A-Z0-9]+)+)"
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
    r"using (?:the )?(?:default|fallback)",
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
            r"Invalid URL.{0,40}(?P<value2>['\"]?undefined['\"]?|input: ''|'null')",
            r"://undefined\b",
        ),
        "the app uses an address that is empty or undefined: the environment variable that it is made from is not set",
        "add the variable of that address to environment or secrets of the container in the task definition",
        rank=0,
    ),
    # Libraries whose message names the variable in their own way.
    _unset(rf"environment variables? not found: {_Q}(?P<name>\w+)"),
    _unset(rf"(?P<name>{_WORD}) not found\. Declare it as envvar"),
    _unset(rf"Set the (?P<name>{_WORD}) environment variable"),
    _unset(rf"env-var: {_Q}(?P<name>\w+){_Q} is a required variable"),
    _unset(r"required key (?P<name>\w+) missing value"),
    _unset(r"Could not resolve placeholder '(?P<name>[\w.-]+)(?::[^']*)?' in (?:value|string value)"),
    _unset(r"Configuration key [\"'](?P<name>[\w.]+)[\"'] does not exist"),
    _unset(rf"key not found: :?[\"'](?P<name>{_WORD})[\"']"),
    _unset(rf"could not fetch environment variable {_Q}(?P<name>\w+){_Q} because it is not set"),
    _unset(rf"(?:^|: )(?P<name>{_WORD}): (?:unbound variable|parameter (?:null or )?not set|must be set|is required)"),
    _unset(rf"Missing (?P<name>[a-z_]*secret_key_base|[A-Z_]*SECRET_KEY_BASE){_Q} for '?\w+'? environment"),
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
        r"(?:invalid|missing|bad|failed)[^\n]{0,40}(?:env\b|environment|config)[^\n]*?(?:\n(?:[^\n]*\n){0,9}?[^\n]*?)??"
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
    # pydantic-settings, versions 1 and 2.
    _unset(
        r"validation errors? for \w*(?:Settings|Config|Env)\w*\s*\n(?:[^\n]*\n){0,6}?"
        r"(?P<name>[A-Za-z_][\w.]*)\s*\n\s*Field required",
        lines=9,
    ),
    # Python: the bare KeyError of os.environ.
    _unset(
        any_of(
            r"os\.environ\[[^\n]*\n(?:[^\n]*\n){0,8}?[^\n]*KeyError: [\"'](?P<name>\w+)[\"']",
            rf"(?:^|[\s:])KeyError: [\"'](?P<name2>{_VARIABLE})[\"']",
        ),
        lines=10,
        unless=rf"(?!)|{_OPTIONAL}",
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
        rf"\$?\b(?P<name>{_VARIABLE}){_Q},? {_UNSET}",
        unless=rf"{_OPTIONAL}|\bcode\b|\bERR_|{_VARIABLE} (?:not"
        r" found in)",
    ),
    _unset(
        r"(?:missing|must (?:set|provide|define)|please (?:set|provide|define)|undefined|no|required)(?: required|"
        rf" the| a)?(?: \w+)?:? {_Q}\$?(?P<name>{_VARIABLE}){_Q}(?:$|[\s.,;!)])",
        unless=rf"{_OPTIONAL}|\bERR_",
    ),
    LogRule(
        "app-variable-missing",
        any_of(
            r"No application encryption key has been specified",
            r"secretOrPrivateKey must have a value",
            r"JwtStrategy requires a secret or key",
            r"secret option required for sessions",
            r"supabase(?:Url|Key) is required",
            r"MissingSecret\b",
            r"\[NO_SECRET\]",
            r"Region is missing",
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

_FAKE = (
    r"(?:change[-_ ]?(?:me|this|it)\w*|replace[-_ ]?(?:me|this|with)\w*|place[-_ ]?holder\w*|your[-_](?:\w+[-_]?)+"
    r"|<[\w -]+>|to-?do|fix-?me|xxx+|dummy\w*|insert[-_ ]\w+|example-?(?:key|secret))"
)
_PUT_VALUE = (
    "put the real value into the secret (aws secretsmanager put-secret-value), then release again: tasks read secrets "
    "only when they start"
)
SECRETS = (
    LogRule(
        "app-secret-placeholder",
        r"(?:API key(?: provided)?|token|secret|password|ENOTFOUND|EAI_AGAIN|lookup|host name|user|Invalid URL"
        rf"|input|value)[:= ]+[\"'`]?(?P<value>{_FAKE})",
        "a secret or variable still has its placeholder as value",
        _PUT_VALUE,
        rank=0,
        unless=r"example|e\.g\.|such as|documentation",
    ),
    LogRule(
        "app-secret-placeholder",
        any_of(
            rf"(?P<name>{_VARIABLE}){_Q} [^\n]{{0,60}}(?:placeholder|default value|changed from (?:the|its) default"
            rf"|insecure default|still (?:set to|the default)|[\"'`]{_FAKE}[\"'`])",
            rf"(?:default|insecure|placeholder|example)[^\n]{{0,24}} (?P<name2>{_VARIABLE})[^\n]{{0,60}}(?:refus"
            r"|detected|must|change|replace|not allowed)",
        ),
        "the secret {name} still has its placeholder or default as value",
        _PUT_VALUE,
        rank=0,
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

_IN_IMAGE = "COPY it in the Dockerfile (see .dockerignore and the stage that is built), then release again"
FILES = (
    LogRule(
        "app-line-endings",
        r"(?:node|bash|sh|python3?|ruby|env)\\r'?: No such file|\^M: bad interpreter|\$'\\r': command not found",
        "a script of the image has Windows line endings, so that its interpreter is not found",
        "save the script with LF line endings (.gitattributes: *.sh text eol=lf), and build the image again",
        rank=0,
    ),
    LogRule(
        "app-engine-mismatch",
        any_of(
            r"Query [Ee]ngine (?:library )?for (?:current platform|runtime) \"(?P<what>[\w.-]+)\"[^\n]*",
            r"could not locate the Query Engine",
            r"(?:Unable to require|libquery_engine|schema-engine)[^\n]*libssl\.so",
        ),
        "Prisma's engine in the image is not made for the system of the image",
        "name the system in binaryTargets of the generator in schema.prisma, and run prisma generate in the "
        "Dockerfile on the base image of the last stage; install openssl there",
        rank=0,
    ),
    LogRule(
        "app-engine-mismatch",
        any_of(
            r"GLIBC(?:XX)?_[\d.]+'? not found",
            r"compiled against a different Node\.js version",
            r"NODE_MODULE_VERSION",
            r"Error relocating [^\n]*symbol not found",
            r"invalid ELF header",
            r"wrong ELF class",
            r"ld-linux[\w.-]*: No such file",
            r"Could not load the \"?sharp\"? module using the",
            r"for another platform than the one you're currently using",
            r"UnsupportedClassVersionError",
            r"compiled by a more recent version of the Java Runtime",
            r"The engine \"(?:node|bun|npm)\" is incompatible",
            r"npm (?:ERR!|error) code EBADENGINE",
            r"(?:libssl|libcrypto)\.so[\d.]*: (?:cannot open shared object|No such file)",
            r"You must install or update \.NET",
            r"Your Ruby version is [\d.]+, but your Gemfile specified",
            r"Illegal instruction",
            r"requires a newer version of Node",
            r"Cannot find module @rollup/rollup-",
            r"Cannot find module '(?:@rollup/rollup-|@swc/core-|@esbuild/|lightningcss\.|@next/swc-)(?:linux|darwin"
            r"|win32)",
            r"Failed to load SWC binary for",
            r"You are using Node\.js [\d.]+\. For Next\.js",
            r"Cannot find native binding",
        ),
        "a binary of the image is built for another system, C library or version of the runtime",
        "install the dependencies in the Dockerfile, on the same base image that the last stage has (not Alpine in one "
        "and Debian in the other), and keep node_modules out with .dockerignore",
        rank=0,
        unless=r"npm (?:warn|notice)",
    ),
    LogRule(
        "app-module-missing",
        any_of(
            r"(?:Cannot find (?:module|package)|No module named|cannot load such file --|Could not (?:find|import)"
            r" module|Could not find or load main class|ClassNotFoundException:|NoClassDefFoundError:|Bundler"
            r" could not find|Could not find gem|Unable to load celery application\.\s+The module|(?:undefined"
            rf"|missing) package) {_Q}(?P<what>[^\s\"'`,;)]+)",
            r"GemNotFound\S* Could not find (?P<what2>\S+)",
            r"Could not find (?P<what4>[\w.-]+-\d\S+) in locally installed gems",
            r"bundler: (?:failed to load )?command (?:not found)?: ?(?P<what3>\S+)",
        ),
        "the module {what} is not in the image",
        "add it to the dependencies that the Dockerfile installs (not only to devDependencies), or COPY it into the "
        "last stage; then release again",
        rank=0,
        unless=r"MODULE_NOT_FOUND.{0,40}(?:optional|ignored)|\boptional (?:module|package)",
    ),
    LogRule(
        "app-build-missing",
        any_of(
            r"Could not find a production build in the",
            r"@prisma/client did not initialize yet",
            r"Missing script: \"?(?P<what>[\w:-]+)",
            r"Failed to find application object",
            r"Unable to access jarfile (?P<what2>\S+)",
            r"Could not read package\.json",
            r"The application '(?P<what3>[^']+\.dll)' does not exist",
            r"specified command or file was not found",
            r"Failed opening required '(?P<what4>[^']+)'",
            r"no main manifest attribute, in (?P<what5>\S+)",
            r"Can't find meta/_journal\.json",
        ),
        "what the app's build makes is not in the image",
        "run the build (and prisma generate, where it is used) in the Dockerfile, and COPY its result into the last "
        "stage",
        rank=0,
    ),
    LogRule(
        "app-library-missing",
        any_of(
            r"error while loading shared libraries: (?P<what>[\w.+-]+)",
            r"Error loading shared library (?P<what2>[\w.+-]+)",
            r"(?P<what3>lib[\w.+-]+\.so[\d.]*): cannot open shared object file",
        ),
        "the shared library {what} is not in the image",
        "install its package in the last stage of the Dockerfile (apt-get install or apk add)",
        rank=0,
    ),
    LogRule(
        "app-program-missing",
        any_of(
            r"(?:/bin/)?(?:sh|bash|ash|[\w./-]+\.sh): (?:line )?\d+: (?:exec: )?(?P<what>[\w./-]+): (?:command"
            r" )?not found",
            r"(?:^|\W)(?:sh|bash|ash): (?P<what2>[\w./-]+): (?:command )?not found",
            r"exec: \"?(?P<what3>[\w./-]+)\"?: (?:executable file )?not found",
            r"env: [‘'\"]?(?P<what4>[\w./-]+)[’'\"]?: No such file",
            r"exec (?P<what5>[\w./-]+): no such file",
            r"spawn (?P<what6>[\w./-]+) ENOENT",
        ),
        "the program {what} is not in the image",
        "install it in the last stage of the Dockerfile, or correct command or entryPoint of the container in the task "
        "definition",
        rank=0,
    ),
    LogRule(
        "app-file-missing",
        any_of(
            r"ENOENT: no such file or directory, (?!utime|unlink|rename)\w+ '(?P<what>[^']+)'",
            r"FileNotFoundError: \[Errno 2\] No such file or directory: [\"'](?P<what2>[^\"']+)",
            r"can't open file '(?P<what3>[^']+)': \[Errno 2\]",
            r"(?:open|stat|read|lstat) (?P<what4>[^\s:]+): no such file or directory",
            r"No such file or directory @ \w+ - (?P<what5>\S+)",
            r"\(?(?:FileNotFoundException|NoSuchFileException):? (?P<what6>/?[^\s(]+)",
            r"(?P<what7>/[\w./-]+): No such file or directory",
            r"can't (?:cd to|open) '?(?P<what8>[^\s':]+)'?: No such file",
            r"open\(\) \"(?P<what9>[^\"]+)\" failed \(2: No such file",
        ),
        "the file {what} is not in the image",
        _IN_IMAGE,
        unless=r"\bclient: \d|\brequest: \"|GET /|unlink|cleanup|rm:|\.sock\b|\.s\.PGSQL|psql|server running locally",
    ),
)

PROCESS = (
    LogRule(
        "image-wrong-cpu",
        r"exec format error|cannot execute binary file|rosetta error: failed to open elf",
        "a program of the image is not built for the CPU of the task, or is a script without #! in its first line",
        "build the image for the task's CPU (images.*.platforms in deploytool.yml), or set "
        "runtimePlatform.cpuArchitecture of the task definition to the CPU it is built for",
        rank=0,
    ),
    LogRule(
        "app-heap-exhausted",
        r"JavaScript heap out of memory|Reached heap limit|near heap limit|ERR_WORKER_OUT_OF_MEMORY",
        "Node.js used up its heap",
        "raise memory of the container and the task in the task definition and NODE_OPTIONS=--max-old-space-size "
        "(in MiB, about 75 % of memory), or find the leak",
        rank=0,
    ),
    LogRule(
        "app-heap-exhausted",
        any_of(
            r"java\.lang\.OutOfMemoryError",
            r"OutOfMemoryError: Java heap space",
            r"GC overhead limit exceeded",
            r"insufficient memory for the Java Runtime",
        ),
        "the JVM used up its memory",
        "raise memory of the container and the task in the task definition, and let the heap follow it "
        "(JAVA_TOOL_OPTIONS=-XX:MaxRAMPercentage=75)",
        rank=0,
        unless=r"OnOutOfMemoryError",
    ),
    LogRule(
        "app-heap-exhausted",
        any_of(
            r"(?:^|\s)MemoryError\s*$",
            r"runtime: out of memory",
            r"Allowed memory size of \d+ bytes exhausted",
            r"memory allocation of \d+ bytes failed",
            r"NoMemoryError",
            r"System\.OutOfMemoryException",
            r"(?:Errno 12\]|ENOMEM|:) ?Cannot allocate memory",
        ),
        "the app used up its memory",
        "raise memory of the container and the task in the task definition, or let the app use less",
        rank=0,
    ),
    LogRule(
        "app-port-in-use",
        any_of(
            r"EADDRINUSE[^\n]*?(?::::|:|port )(?P<port>\d{2,5})\b",
            r"port (?P<port2>\d+) (?:was|is) already in use",
            r"bind\(?2?\)?[^\n]*?:(?P<port3>\d{2,5})\b[^\n]*Address already in use",
            r"address already in use[^\n]*?(?:port |:)(?P<port4>\d{2,5})\b",
            r"(?:'|:)(?P<port5>\d{2,5})\)?: [^\n]*address already in use",
            r"Connection in use: \('[^']*', (?P<port6>\d+)\)",
            r"bind on address \('[^']*', (?P<port7>\d+)\)[^\n]*address already in use",
        ),
        "port {port} is already in use in the task",
        "give each container of the task definition its own port (they share one network), and start the server "
        "only once",
        rank=1,
        unless=r"(?:trying|using|use)(?: port)? (?:another|next|available|\d+)|instead",
    ),
    LogRule(
        "app-port-in-use",
        r"EADDRINUSE|address already in use",
        "a port that the app listens on is already in use in the task",
        "give each container of the task definition its own port (they share one network), and start the server "
        "only once",
        rank=1,
        unless=r"(?:trying|using|use)(?: port)? (?:another|next|available|\d+)|instead",
    ),
    LogRule(
        "app-port-denied",
        any_of(
            r"(?:listen|bind)\b[^\n]*(?:EACCES|permission denied)[^\n]*?:(?P<port>\d{1,4})\b",
            r"bind[^\n]*:(?P<port2>\d{1,4})\b[^\n]*permission denied",
            r"bind\(\) to \S*:(?P<port3>\d+) failed \(13: Permission denied",
            r"EACCES: permission denied [\d.:]+:(?P<port4>\d+)",
        ),
        "the user of the container may not listen on port {port}",
        "listen on a port from 1024 on (containerPort of the task definition, ContainerPort of the stack), or run "
        "as root",
        rank=1,
    ),
    LogRule(
        "app-file-read-only",
        any_of(
            r"(?:EROFS: read-only file system(?:, \w+)?|Read-only file system:?)(?: '(?P<path>[^']+)')?",
            r"(?P<path2>/[\w./-]+):? (?:is on a )?Read-only file system",
        ),
        "the app writes to its file system, which is read-only",
        "write to a mounted volume (mountPoints of the task definition), or set readonlyRootFilesystem to false",
        unless=r"can not modify|read-only file system\?",
    ),
    LogRule(
        "app-role-denied",
        r"(?P<who>arn:aws[\w-]*:(?:sts|iam)::\S+) is not authorized to perform: (?P<action>[\w-]+:\w+)(?:[^\n]*? on"
        r" resource: (?P<resource>[^\s\"']+))?",
        "the role of the task may not {action}",
        "allow {action} in a policy of the role that taskRoleArn of the task definition names",
    ),
    LogRule(
        "app-permission-denied",
        any_of(
            r"(?:EACCES|EPERM): (?:permission denied|operation not permitted), \w+ '(?P<path>[^']+)'",
            r"PermissionError: \[Errno 1?3?\] Permission denied: [\"'](?P<path2>[^\"']+)",
            r"(?:open|mkdir|exec|create|write|unlink|fork/exec|rename|chmod|chown) (?P<path3>/?[\w./-]+): "
            r"(?:permission denied|operation not permitted)",
            r"Permission denied @ \w+ - (?P<path4>\S+)",
            r"AccessDeniedException: (?P<path5>/\S+)",
            r"(?:can't|cannot) (?:create|touch|open|remove|execute|access|make)[^\n]*?[‘'\"]"
            r"(?P<path6>[^’'\"]+)[’'\"]: Permission denied",
            r"(?:can't|cannot) (?:create|touch|open|remove|execute|access) (?P<path11>/?[\w./-]+): Permission denied",
            r"(?:sh|bash|env|exec)(?:: \d+|: line \d+)?:? (?:exec: )?[‘'\"]?(?P<path7>[\w./-]+)[’'\"]?: Permission"
            r" denied",
            r"\"(?P<path8>[^\"]+)\" failed \(13: Permission denied",
            r"\(Permission denied\)\s*(?P<path9>)",
            r"(?P<path10>/[\w./-]+): Permission denied",
            r"could not be opened in append mode: Failed to open stream: Permission denied",
        ),
        "the user of the container may not use a file or directory: permission denied",
        "let the user of the container own it in the Dockerfile (COPY --chown, chown before USER; COPY --chmod=755 "
        "for a script), or correct user in the task definition; on EFS use an access point",
        unless=r"\bclient: \d|for (?:table|schema|database|relation|sequence|function)",
    ),
    LogRule(
        "app-open-files-limit",
        r"EMFILE: too many open files|Too many open files|open file limit|rlimit for open files|RLIMIT_NOFILE",
        "the app needs more open files than its limit allows",
        "raise nofile in ulimits of the container in the task definition",
    ),
    LogRule(
        "app-loopback-only",
        any_of(
            r"(?:listening|running|serving|started?|server|bound|service)\b[^\n]{0,60}?(?P<address>(?:127\.0\.0\.1"
            r"|\[::1\]):\d{2,5})\b",
            r"Serving HTTP on (?P<address2>127\.0\.0\.1 port \d+)",
            r"TCP address (?P<address3>127\.0\.0\.1:\d+)",
            r"Now listening on: https?://(?P<address4>localhost:\d+)",
            r"listening on (?:host )?(?P<address5>127\.0\.0\.1),? (?:and )?port \d+",
            r"\{HTTP/1\.1[^}]*\}\{(?P<address6>127\.0\.0\.1:\d+)\}",
        ),
        "the app listens on {address} only, where neither the load balancer nor another task reaches it",
        "let the app listen on 0.0.0.0: set HOST or HOSTNAME=0.0.0.0 in environment of the task definition, or the "
        "host option of the server's command",
        rank=3,
        any_level=True,
        unless=r"debugger|inspector|metrics|admin|prometheus|profil|pprof|health|telemetry|ws://|statsd|proxy"
        r"|forward|upstream|redis|postgres|mysql|mongo|database|daemon|agent|connect(?:ing|ed) to|wait",
    ),
)
