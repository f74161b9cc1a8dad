#!/bin/bash
# Makes the database cluster in $PGDATA unless there is one, then runs the server. The variables, the order of things and where they
# happen are those of the official image: whoever relies on one can rely on the other.
set -euo pipefail

main() {
  case "${1-}" in -*) set -- postgres "$@" ;; esac
  if [ "${1-}" != postgres ] || only_asks "$@"; then
    exec "$@"
  fi
  if [ "$(id -u)" = 0 ]; then
    make_folders
    chown postgres "$PGDATA" /var/run/postgresql
    # The server refuses to run as root.
    exec setpriv --reuid=postgres --regid=postgres --init-groups -- env HOME=/var/lib/postgresql "$BASH_SOURCE" "$@"
  fi
  make_folders
  if [ -s "$PGDATA/PG_VERSION" ]; then
    say "$PGDATA holds a cluster; it is used as it is."
  else
    read_settings
    make_cluster
    start_privately "$@"
    make_database
    run_scripts /docker-entrypoint-initdb.d/*
    stop_privately
    say 'PostgreSQL init process complete; ready for start up.'
  fi
  unset PGPASSWORD
  exec "$@"
}

only_asks() {
  local argument
  for argument; do
    case "$argument" in -'?' | --help | --describe-config | -V | --version) return 0 ;; esac
  done
  return 1
}

make_folders() {
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA" 2>/dev/null || true
  # A mounted /run is empty.
  mkdir -p /var/run/postgresql 2>/dev/null || true
  chmod 3777 /var/run/postgresql 2>/dev/null || true
}

# Each of these may be given by itself or as a file that holds it.
read_settings() {
  from_file_or_self POSTGRES_PASSWORD ''
  from_file_or_self POSTGRES_USER postgres
  from_file_or_self POSTGRES_DB "$POSTGRES_USER"
  from_file_or_self POSTGRES_INITDB_ARGS ''
  : "${POSTGRES_HOST_AUTH_METHOD:=}"
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
    fail 'the superuser has no password: set POSTGRES_PASSWORD, or let everybody in with POSTGRES_HOST_AUTH_METHOD=trust.'
  fi
}

from_file_or_self() {
  local name="$1" file="${1}_FILE"
  if [ -n "${!name-}" ] && [ -n "${!file-}" ]; then
    fail "$name and $file are both set; they exclude each other."
  fi
  if [ -n "${!file-}" ]; then
    export "$name=$(<"${!file}")"
  elif [ -z "${!name-}" ]; then
    export "$name=$2"
  fi
  unset "$file"
}

make_cluster() {
  local waldir=()
  [ -z "${POSTGRES_INITDB_WALDIR-}" ] || waldir=(--waldir "$POSTGRES_INITDB_WALDIR")
  # The npm package's server has its socket in /tmp by default, Debian's, which the official image has, here.
  local socket=(--set unix_socket_directories=/var/run/postgresql)
  # The arguments are several words, quoted as in a shell.
  eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") "${socket[@]}" "${waldir[@]}" '"$POSTGRES_INITDB_ARGS"
  local method="${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption)}"
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

# Nobody outside of the container reaches the server before it is complete: it listens on its unix socket only.
start_privately() {
  shift
  export PGPASSWORD="${PGPASSWORD-$POSTGRES_PASSWORD}"
  local options
  printf -v options ' %q' "$@" -c listen_addresses= -p "${PGPORT:-5432}"
  pg_ctl --pgdata "$PGDATA" --options "$options" --wait start
}

stop_privately() {
  pg_ctl --pgdata "$PGDATA" --mode fast --wait stop
}

make_database() {
  [ "$POSTGRES_DB" != postgres ] || return 0
  POSTGRES_DB='' run_sql --dbname postgres --set "name=$POSTGRES_DB" <<<'CREATE DATABASE :"name";'
}

run_scripts() {
  local script
  for script; do
    case "$script" in
      *.sh)
        say "running $script"
        if [ -x "$script" ]; then "$script"; else . "$script"; fi
        ;;
      *.sql) say "running $script" && run_sql --file "$script" ;;
      *.sql.gz) say "running $script" && gunzip --stdout "$script" | run_sql ;;
      */'*') ;;
      *) say "ignoring $script" ;;
    esac
  done
}

run_sql() {
  local database=()
  [ -z "$POSTGRES_DB" ] || database=(--dbname "$POSTGRES_DB")
  PGHOST='' PGHOSTADDR='' psql --set ON_ERROR_STOP=1 --no-psqlrc --no-password --username "$POSTGRES_USER" "${database[@]}" "$@"
}

say() {
  printf 'docker-entrypoint: %s\n' "$1"
}

fail() {
  printf 'docker-entrypoint: %s\n' "$1" >&2
  exit 1
}

main "$@"
