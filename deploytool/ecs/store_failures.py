"""What an app's log says of what it connects to: databases, Redis, names of hosts, certificates."""

from __future__ import annotations

from deploytool.ecs.log_lines import LogRule, any_of

_SQL_PORT = r"(?:5432|5433|6543|3306|33060|1433|27017|27018|1521|26257)"
_REDIS_PORT = r"(?:6379|6380|26379)"
_SQL_WORD = (
    r"(?:postgres\w*|psql|\bpg\b|psycopg\w*|asyncpg|pgx|sqlx|mysql\w*|mariadb|mongo\w*|database|jdbc|hikari\w*"
    r"|sequelize|knex|typeorm|prisma|sqlstate|npgsql|postgrex|\bsql\b|\bdb\b)"
)
_REDIS_WORD = r"(?:redis\w*|valkey|lettuce|jedis|sidekiq|bull(?:mq)?|celery)"
_URL = "the URL or host, port and name that the container gets in environment or secrets of the task definition"
_REACH = (
    "check {where}; then that the task's security group may reach the port of the database's security group (in "
    "the stacks: the task is in DatabaseClients), and that both are in one VPC"
).replace("{where}", _URL)
_REDIS_REACH = (
    "check REDIS_HOST, REDIS_PORT or REDIS_URL in environment or secrets of the task definition; then that the "
    "security group of Redis lets the task's in (in the stacks: the task is in RedisClients)"
)

ACCESS = (
    LogRule(
        "database-user-missing",
        any_of(
            r"role \"(?P<user>[^\"]+)\" does not exist",
            r"password authentication failed for user[^\n]*\n[^\n]*Role \"[^\n]*does not exist",
        ),
        "the database has no user {user}",
        "correct the user that the container gets in secrets of the task definition, or create it on the database",
        store="database",
        unless=r"\b(?:drop|create|creating|grant|if exists|skipping)\b",
    ),
    LogRule(
        "database-password-wrong",
        any_of(
            r"(?:password|PAM|LDAP|IAM) authentication failed for user [\"'](?P<user>[^\"']+)",
            r"InvalidPasswordError",
            r"\b28P01\b",
            r"Access denied for user '(?P<user2>[^']*)'@'[^']*' \(using password: YES",
            r"ER_ACCESS_DENIED_ERROR",
            r"Access denied for user '(?P<user7>[^']*)'@'[^']*'\s*$",
            r"Login failed for user '(?P<user3>[^']*)'",
            r"ORA-01017",
            r"P1000\b",
            r"Authentication failed against database server",
            r"provided database credentials for [`'\"]?(?P<user4>[^`'\"\s]+)",
            r"(?:Mongo\w*Error|OperationFailure):? (?:bad auth ?:? ?)?Authentication failed",
            r"bad auth ?:? ?Authentication failed",
            r"SASL authentication failed",
            r"SCRAM.{0,40}authentication fail",
            r"\(AuthenticationFailed\)",
            r"auth(?:entication)? error: (?:sasl|scram|unable to authenticate)",
        ),
        "the database rejects the user or password of the app",
        "correct user and password in the secret that secrets of the task definition names (after a rotation only new "
        "tasks have the new one: release again), and percent-encode special characters in a URL",
        store="database",
    ),
    LogRule(
        "database-tls-required",
        any_of(
            r"no pg_hba\.conf entry for (?:replication connection from )?host [^\n]*(?:no encryption|SSL off)",
            r"insecure transport are prohibited",
            r"require_secure_transport",
            r"(?:SSL|TLS) connection is required",
            r"connection is insecure",
            r"server (?:requires|only accepts) (?:SSL|TLS|encrypt|secure)",
            r"requires? (?:an )?SSL connection",
            r"must be encrypted",
            r"SSL/TLS required",
            r"TLS connection (?:is )?required",
        ),
        "the database accepts TLS connections only, and the app connects without",
        "turn TLS on in the app's connection: ?sslmode=require (or verify-full with the RDS bundle) in the URL, or "
        "the ssl option of the client; set it in environment or secrets of the task definition",
        store="database",
    ),
    LogRule(
        "database-tls-unsupported",
        any_of(
            r"server does not support (?:SSL|TLS)",
            r"SSL is not enabled on the server",
            r"server does not support secure connection",
            r"server refused TLS connection",
            r"TLS support is not enabled",
        ),
        "the app asks for TLS, and the database does not offer it",
        "turn TLS on at the database, or set sslmode=disable in the URL that the task definition gives the container",
        store="database",
    ),
    LogRule(
        "database-access-denied",
        any_of(
            r"no pg_hba\.conf entry for",
            r"pg_hba\.conf rejects connection",
            r"Access denied for user '(?P<user>[^']*)'@'[^']*' to database",
            r"P1010\b",
            r"was denied access on the database",
            r"permission denied for (?:table|schema|database|relation|sequence|function|language)",
            r"not authorized on \w+ to execute command",
            r"is not allowed to connect to this (?:MySQL|MariaDB)",
            r"must be (?:owner|superuser)",
            r"permission denied to create (?:database|extension|role)",
            r"ER_DBACCESS_DENIED",
            r"(?:CREATE|ALTER|DROP|SELECT|INSERT|UPDATE|DELETE|INDEX|REFERENCES) command denied to user",
        ),
        "the user of the app lacks a right on the database",
        "GRANT it to the user that the task definition gives the container, or let the migration connect as the owner",
        store="database",
    ),
    LogRule(
        "database-missing",
        any_of(
            r"(?<!drop )database [\"'`](?P<name>[^\"'`]+)[\"'`] does not exist",
            r"Unknown database '(?P<name2>[^']+)'",
            r"P1003\b",
            r"Cannot open database \"(?P<name3>[^\"]+)\" requested",
            r"\b3D000\b",
            r"InvalidCatalogNameError",
            r"ActiveRecord::NoDatabaseError",
            r"We could not find your database",
        ),
        "the database that the app connects to does not exist on the server",
        "create it, or correct the name in " + _URL + " (in the stacks: DatabaseName)",
        store="database",
        unless=r"\b(?:creating|created|will create|skipping|if exists)\b",
    ),
    LogRule(
        "database-too-many-connections",
        any_of(
            r"sorry, too many clients already",
            r"remaining connection slots are reserved",
            r"too many connections for (?:role|database)",
            r"Too many connections\b",
            r"\b53300\b",
            r"max clients reached",
            r"no more connections allowed",
            r"ER_CON_COUNT_ERROR",
            r"P2037\b",
            r"TooManyConnectionsError",
            r"max_user_connections",
        ),
        "the database has no free connection: too many are open",
        "lower the pool's size (connection_limit, pool, max) times the number of tasks, put RDS Proxy in between, "
        "or take a larger DatabaseClass in the stack; during a rollout old and new tasks connect at the same time",
        store="database",
        unless=r"\bredis\b|HTTP/|client_max|\b429\b",
    ),
    LogRule(
        "certificate-not-trusted",
        any_of(
            r"self[- ]signed certificate",
            r"SELF_SIGNED_CERT_IN_CHAIN",
            r"unable to verify the first certificate",
            r"UNABLE_TO_VERIFY_LEAF",
            r"unable to get (?:local )?issuer certificate",
            r"UNABLE_TO_GET_ISSUER_CERT",
            r"CERT_HAS_EXPIRED",
            r"certificate has expired",
            r"x509: (?:certificate|cannot validate)",
            r"certificate verify failed",
            r"CERTIFICATE_VERIFY_FAILED",
            r"certificate_unknown",
            r"PKIX path building failed",
            r"unable to find valid certification path",
            r"altnames",
            r"root certificate file \"[^\"]*\" does not exist",
            r"invalid peer certificate",
            r"certificate (?:is|was) not trusted",
            r"UnknownIssuer",
            r"remote certificate (?:is|was) (?:invalid|rejected)",
            r"certificate_verify_failed",
            r"unknown[_ ]ca\b",
        ),
        "the app does not trust the certificate of the server that it connects to",
        "for RDS, put https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem into the image (Dockerfile) "
        "and name it in the connection (sslrootcert, ssl.ca, NODE_EXTRA_CA_CERTS); for others install "
        "ca-certificates; connect by the name in the certificate",
        unless=r"NODE_TLS_REJECT_UNAUTHORIZED|(?:generat|creat|using|issu)\w* (?:a |new |the )*self[- ]signed",
    ),
    LogRule(
        "database-tls-failed",
        r"P1011\b|Error opening a TLS connection",
        "the TLS connection to the database could not be opened",
        "check sslmode, sslaccept and the certificate's file in the URL that the task definition gives the "
        "container; for RDS, put its bundle into the image",
        store="database",
    ),
)

REDIS = (
    LogRule(
        "redis-password-wrong",
        any_of(
            r"WRONGPASS",
            r"ERR invalid password",
            r"ERR Client sent AUTH, but no password is set",
            r"AUTH <password> called without any password",
            r"invalid username-password pair",
        ),
        "Redis rejects the user or password of the app",
        "correct the token that the container gets in secrets of the task definition (REDIS_AUTH_TOKEN, or the "
        "password in REDIS_URL); without a user the URL is rediss://:TOKEN@HOST",
        store="redis",
    ),
    LogRule(
        "redis-password-missing",
        any_of(
            r"NOAUTH\b",
            r"AuthenticationError: Authentication required",
            r"HELLO must be called with the client already authenticated",
        ),
        "Redis requires a password, and the app sends none",
        "give the client the token: REDIS_AUTH_TOKEN, or the password in REDIS_URL, in secrets of the task definition",
        store="redis",
    ),
    LogRule(
        "redis-access-denied",
        r"NOPERM\b",
        "the Redis user of the app may not run a command",
        "allow it in the access string of the ElastiCache user that the task definition names",
        store="redis",
    ),
    LogRule(
        "redis-cluster-mode",
        r"\bMOVED \d{1,5} \S+:\d+|CROSSSLOT|CLUSTERDOWN|\bASK \d{1,5} \S+:\d+",
        "Redis runs in cluster mode, and the client does not",
        "use the cluster client (Redis.Cluster, RedisCluster) with the configuration endpoint in the task "
        "definition, or turn cluster mode off for the replication group",
        store="redis",
    ),
    LogRule(
        "redis-cluster-mode",
        r"cluster support disabled|ClusterAllFailedError",
        "the client expects Redis in cluster mode, and cannot use the server as one",
        "use the plain client, or connect to the configuration endpoint of a cluster; check REDIS_URL in the task "
        "definition",
        store="redis",
    ),
    LogRule(
        "redis-read-only",
        r"READONLY You can'?t write against a read only",
        "the app writes to a read-only replica of Redis",
        "use the primary endpoint, not the reader endpoint, in the address that the task definition gives the "
        "container",
        store="redis",
    ),
    LogRule(
        "redis-tls-mismatch",
        any_of(
            r"SocketClosedUnexpectedlyError",
            rf"{_REDIS_WORD}[^\n]*(?:wrong version number|WRONG_VERSION_NUMBER|packet length too long|does not look"
            r" like a TLS|Unsupported or unrecognized SSL|NotSslRecord|ECONNRESET|Connection reset by peer|socket"
            r" hang up|unexpected EOF|Connection closed by server)",
            r"(?:wrong version number|WRONG_VERSION_NUMBER|does not look like a TLS|ECONNRESET|reset by peer"
            rf"|Connection closed by server)[^\n]*(?:{_REDIS_WORD}|:{_REDIS_PORT}\b)",
            rf":{_REDIS_PORT}\b[^\n]*(?:reset by peer|ECONNRESET|does not look like a TLS|wrong version)",
        ),
        "the app and Redis do not agree on TLS: one speaks it, the other does not",
        "use rediss:// (or the tls option of the client) for ElastiCache with encryption in transit, redis:// "
        "without; in the stacks REDIS_TLS follows the parameter RedisTls",
        store="redis",
        rank=2,
    ),
    LogRule(
        "redis-refused",
        any_of(
            rf"(?:ECONNREFUSED|connection refused|refused)[^\n]*:{_REDIS_PORT}\b",
            rf":{_REDIS_PORT}\b[^\n]*(?:ECONNREFUSED|refused)",
            r"Error (?:111|61|10061) connecting to \S+:\d+[^\n]*refused",
            r"Redis\w*::\w*ConnectError[^\n]*",
            rf"{_REDIS_WORD}[^\n]*(?:ECONNREFUSED|connection refused|Errno 111)",
            rf"{_REDIS_WORD}[^\n]*\n\s*(?:Caused by:[^\n]*\n)?[^\n]*connection refused",
        ),
        "Redis refuses the connection at the address that the app uses",
        _REDIS_REACH + "; 127.0.0.1 or localhost is the task itself",
        store="redis",
        rank=2,
        lines=4,
        unless=rf":{_SQL_PORT}\b",
    ),
    LogRule(
        "redis-unreachable",
        any_of(
            r"MaxRetriesPerRequestError",
            r"max retries per request",
            rf"{_REDIS_WORD}[^\n]*(?:ETIMEDOUT|timed? ?out|EHOSTUNREACH|no route to host|unable to connect"
            r"|connection timeout)",
            rf"(?:ETIMEDOUT|timed out|i/o timeout|unable to connect)[^\n]*:{_REDIS_PORT}\b",
            rf":{_REDIS_PORT}\b[^\n]*(?:i/o timeout|timed out|ETIMEDOUT|no route to host)",
            r"Timeout connecting to server",
            r"not possible to connect to the redis server",
            r"Connection timeout\n[^\n]*redis",
            r"RedisConnectionFailureException",
            r"RedisConnectionException: Unable to connect",
        ),
        "the app cannot reach Redis",
        _REDIS_REACH + "; if Redis requires TLS, a client without it also hangs (rediss://)",
        store="redis",
        rank=2,
        lines=2,
    ),
)

NETWORK = (
    LogRule(
        "host-not-resolved",
        any_of(
            r"(?:getaddrinfo|queryA\w*|querySrv|queryTxt) (?:ENOTFOUND|EAI_AGAIN|ESERVFAIL|ETIMEOUT|ECONNREFUSED) "
            r"(?P<host>[\w.-]+)",
            r"could not translate host name \"(?P<host2>[^\"]+)\"",
            r"lookup (?P<host3>[\w.-]+)(?: on \S+)?: (?:no such host|server misbehaving|Temporary failure|i/o"
            r" timeout)",
            r"UnknownHostException: (?P<host4>[\w.-]+)",
            r"Could not resolve host(?:name)?:? [\"']?(?P<host5>[\w.-]+)",
            r"host not found in upstream \"(?P<host6>[^\"]+)\"",
            r"Failed to resolve '(?P<host7>[^']+)'",
            r"(?:connecting to|tcp connect \(|Can't connect to \w+ server on '|connect to |host )[\"']?"
            r"(?P<host8>[\w.-]+)[^\n]*?(?:Name or service not known|nodename nor servname|name resolution|nxdomain"
            r"|non-existing domain|Unknown (?:MySQL server )?host)",
            r"Unknown (?:MySQL server )?host '?(?P<host9>[\w.-]+)",
        ),
        "the host name {host} cannot be resolved in the VPC",
        "correct the name that the container gets in environment or secrets of the task definition: names of "
        "docker-compose services do not exist in ECS; a private zone must belong to the VPC",
        store="any",
    ),
    LogRule(
        "host-not-resolved",
        any_of(
            r"Name or service not known",
            r"Temporary failure in name resolution",
            r"nodename nor servname provided",
            r"getaddrinfo failed",
            r"getaddrinfo (?:ENOTFOUND|EAI_AGAIN)",
            r"No such host is known",
            r"failed to lookup address information",
            r":nxdomain",
            r"Name does not resolve",
        ),
        "a host name that the app connects to cannot be resolved in the VPC",
        "correct the name that the container gets in environment or secrets of the task definition: names of "
        "docker-compose services do not exist in ECS; a private zone must belong to the VPC",
        store="any",
    ),
    LogRule(
        "database-refused",
        any_of(
            rf"(?:ECONNREFUSED|refused|Connect call failed)[^\n]*(?:[:,]|port )\s*{_SQL_PORT}\b",
            rf"(?:[:,]|port )\s*{_SQL_PORT}\b[^\n]*?(?:ECONNREFUSED|refused)",
            rf"{_SQL_WORD}[^\n]*(?:ECONNREFUSED|connection refused|actively refused)",
            rf"(?:ECONNREFUSED|connection refused)[^\n]*{_SQL_WORD}",
            r"could not connect to server: Connection refused",
            r"HY000\]? ?\[2002\] Connection refused",
            r"Is the server running (?:on|locally)",
            r"\(2002, ",
            r"Can't connect to local (?:MySQL|server)",
            r"SequelizeConnectionRefused",
            rf"Failed to connect to \S+:{_SQL_PORT}\n[^\n]*refused",
            r"connection to server on socket|MySQL server through socket|\[2002\] No such file",
        ),
        "the database refuses the connection at the address that the app uses",
        "check " + _URL + ": 127.0.0.1 and localhost are the task itself, not the database",
        store="database",
        rank=2,
        lines=2,
        unless=rf":{_REDIS_PORT}\b|{_REDIS_WORD}[^\n]*(?:refused|111)",
    ),
    LogRule(
        "database-unreachable",
        any_of(
            r"P100[12]\b",
            r"Can'?t reach database server",
            r"(?:ETIMEDOUT|timed? ?out|timeout|EHOSTUNREACH|ENETUNREACH|no route to host|unreachable)[^\n]*(?:[:,]"
            rf"|port )\s*{_SQL_PORT}\b",
            rf"(?:[:,]|port )\s*{_SQL_PORT}\b[^\n]*?(?:ETIMEDOUT|timed? ?out|timeout|no route|unreachable)",
            r"Communications link failure",
            r"connection timeout expired|psycopg\w*\.errors\.ConnectionTimeout",
            r"ServerSelection(?:Timeout)?Error",
            r"Server selection timed out",
            r"Connection terminated due to connection timeout",
            r"Can't connect to (?:MySQL|MariaDB) server on",
            r"SequelizeConnection(?:TimedOut|Acquire|HostNotReachable|HostNotFound)\w*",
            r"buffering timed out after",
            r"connect ETIMEDOUT[^\n]*\n[^\n]*(?:mysql|pg-)",
            r"Timeout acquiring a connection",
            r"could not connect to (?:the )?(?:database|postgres\w*|mysql)",
            r"(?:unable|failed) to (?:connect to|reach|obtain (?:a )?(?:JDBC )?connection (?:from|to)) (?:the )?"
            r"(?:database|postgres\w*|mysql|mongo\w*)\b[^\n]*(?:time|giv|after|attempt)",
            r"PSQLException: The connection attempt failed",
            r"network-related or instance-specific error",
            r"unable to open connection to database[^\n]*timeout",
            r"Unable to determine Dialect without JDBC metadata",
        ),
        "the app cannot reach its database",
        _REACH,
        store="database",
        rank=2,
        lines=2,
        unless=r"statement timeout|lock timeout|idle|query timeout",
    ),
    LogRule(
        "tls-not-spoken",
        any_of(
            r"ssl3_get_record:wrong version",
            r"SSL routines[^\n]*wrong version number",
            r"WRONG_VERSION_NUMBER",
            r"first record does not look like a TLS handshake",
            r"Unsupported or unrecognized SSL message",
            r"NotSslRecordException",
            r"packet length too long",
        ),
        "the app speaks TLS to a port that does not",
        "correct scheme, port or TLS option of the address that the container gets in environment or secrets of the "
        "task definition (https, rediss, sslmode)",
        rank=2,
    ),
)
