#!/usr/bin/env bash
# What the official image's entrypoint does where a learner can see it: an empty data folder gets a database, a user
# and a password from the environment, and the scripts of /docker-entrypoint-initdb.d run once; a folder that has a
# database is left as it is, whatever the environment says. The server runs as the user `postgres`.
set -Eeuo pipefail

# The value of a variable, or what the file says that NAME_FILE names, or the second argument.
setting() {
    local name=$1 file_name=$1_FILE
    if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
        echo "error: both $name and $file_name are set (but are exclusive)" >&2
        exit 1
    fi
    if [ -n "${!file_name:-}" ]; then
        cat "${!file_name}"
    else
        echo "${!name:-${2:-}}"
    fi
}

# The folders belong to `postgres` before the rest runs as that user.
prepare_folders() {
    mkdir -p "$PGDATA" /var/run/postgresql
    chmod 0700 "$PGDATA" || true
    chmod 3775 /var/run/postgresql || true
    if [ "$(id -u)" = 0 ]; then
        find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
    fi
}

refuse_without_password() {
    if [ -z "$password" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
        # The official image's own words: a learner searches for them.
        cat >&2 <<'EOF'
Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".

       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all
       connections without a password. This is *not* recommended.
EOF
        exit 1
    fi
}

# Runs a command that insists on a user with a name, also where `user:` in the compose file gave a bare number.
named() {
    if getent passwd "$(id -u)" >/dev/null; then
        "$@"
        return
    fi
    local users
    users=$(mktemp)
    echo "postgres:x:$(id -u):$(id -g):PostgreSQL:$PGDATA:/bin/false" >"$users"
    LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD=$users NSS_WRAPPER_GROUP=/dev/null "$@"
    rm "$users"
}

run_sql() {
    PGHOST='' PGPASSWORD=$password psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc --username "$user" "$@"
}

run_scripts() {
    local script
    for script in /docker-entrypoint-initdb.d/*; do
        [ -e "$script" ] || continue
        case $script in
        *.sh) echo "$0: running $script" && if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
        *.sql) echo "$0: running $script" && run_sql --dbname "$database" --file "$script" ;;
        *.sql.gz) echo "$0: running $script" && gunzip --stdout "$script" | run_sql --dbname "$database" ;;
        *) echo "$0: ignoring $script" ;;
        esac
    done
}

make_database() {
    local user password database
    user=$(setting POSTGRES_USER postgres)
    password=$(setting POSTGRES_PASSWORD)
    database=$(setting POSTGRES_DB "$user")
    refuse_without_password

    # initdb trusts whoever is inside the container; the line added below asks everybody else for the password.
    eval "named initdb --username=\"\$user\" --pwfile=<(printf '%s\n' \"\$password\") ${POSTGRES_INITDB_ARGS:-}"
    printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"

    # Nobody outside is answered until the scripts are through: no TCP while they run.
    PGUSER=$user pg_ctl --wait --options "-c listen_addresses=''" start
    if [ -z "$(run_sql --dbname postgres --set "db=$database" --tuples-only <<<"SELECT 1 FROM pg_database WHERE datname = :'db';")" ]; then
        run_sql --dbname postgres --set "db=$database" <<<'CREATE DATABASE :"db";'
    fi
    POSTGRES_USER=$user POSTGRES_DB=$database run_scripts
    PGUSER=$user pg_ctl --wait --mode fast stop
    printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

case ${1:-} in
-*) set -- postgres "$@" ;;
esac
if [ "${1:-}" = postgres ] && [[ " $* " != *\ --version\ * && " $* " != *\ -V\ * && " $* " != *\ --help\ * ]]; then
    prepare_folders
    if [ "$(id -u)" = 0 ]; then
        exec setpriv --reuid postgres --regid postgres --init-groups "$BASH_SOURCE" "$@"
    fi
    if [ -s "$PGDATA/PG_VERSION" ]; then
        printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
    else
        make_database
    fi
fi
exec "$@"
