"""What an app's log says of its image and its process: files, programs, ports, memory, CPU, permissions."""

from __future__ import annotations

from deploytool.ecs.log_lines import LogRule, any_of

_IN_IMAGE = "COPY it in the Dockerfile (see .dockerignore and the stage that is built), then release again"
FILES = (
    LogRule(
        "app-line-endings",
        r"(?:node|bash|sh|python3?|ruby|env)\\r['’]?: No such|\^M: bad interpreter|\$'\\r': command not found",
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
            r"|missing) package) [\"'`“”‘’]?(?P<what>[^\s\"'`,;)]+)",
            r"GemNotFound\S* Could not find (?P<what2>\S+)",
            r"Could not find (?P<what4>[\w.-]+-\d\S+) in locally installed gems",
            r"Error loading (?P<what6>\w+)(?: or \w+)? module",
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
            r"sh: exec: line \d+: (?P<what7>[\w./-]+): not found",
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
        passing=True,
    ),
    LogRule(
        "app-program-missing",
        any_of(
            r"exec user process caused:? \"?no such file",
            r"exec [\w./-]+: no such file or directory\s*$",
        ),
        "the program of the command, or the interpreter of a script, is not in the image",
        "put it into the last stage of the Dockerfile, or correct command or entryPoint in the task definition; a "
        "script must begin with #! and an interpreter that the image has",
        rank=0,
    ),
    LogRule(
        "app-file-missing",
        any_of(
            r"Path '(?P<what10>/[^']+)' does not exist",
            r"ENOENT: no such file or directory, (?!utime|unlink|rename)\w+ '(?P<what>[^']+)'",
            r"\[Errno 2\] No such file or directory: [\"'](?P<what2>[^\"']+)",
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
        unless=any_of(
            r"Permission denied",
            r"\bclient: \d",
            r"\brequest: \"",
            r"GET /",
            r"unlink",
            r"cleanup",
            r"rm:",
            r"\.sock\b",
            r"\.s\.PGSQL",
            r"psql",
            r"server running locally",
        ),
        passing=True,
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
            r"(?:^|\s)MemoryError\s*$|MemoryError: Unable to allocate",
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
        unless=r"(?:trying|using) (?:port )?(?:another|next|available|\d+)|use (?:another|available)|instead",
    ),
    LogRule(
        "app-port-in-use",
        r"EADDRINUSE|address already in use",
        "a port that the app listens on is already in use in the task",
        "give each container of the task definition its own port (they share one network), and start the server "
        "only once",
        rank=1,
        unless=r"(?:trying|using) (?:port )?(?:another|next|available|\d+)|use (?:another|available)|instead",
    ),
    LogRule(
        "app-port-denied",
        any_of(
            r"(?:listen|bind)\b[^\n]*(?:EACCES|permission denied)[^\n]*?:(?P<port>\d{1,4})\b",
            r"bind[^\n]*:(?P<port2>\d{1,4})\b[^\n]*permission denied",
            r"bind\(\) to \S*:(?P<port3>\d+) failed \(13: Permission denied",
            r"EACCES: permission denied [\d.:]+:(?P<port4>\d+)",
            r"listen \w+ \S*:(?P<port5>\d{1,4}): bind: permission denied",
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
        passing=True,
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
            r"chown: [^\n]*Operation not permitted",
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
        passing=True,
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
            r"(?:listening|running|serving|started?|launched|server|bound|service)\b[^\n]{0,60}?(?P<address>(?:127\.0\.0\.1"
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
