#!/usr/bin/env bash
# Installs an Ortoo hub on one Debian machine (12 or newer), or brings it up to date. It says each thing that it does;
# run again, it changes what differs and nothing else. Keys, settings, data and certificates that are there are kept.
set -euo pipefail

usage() {
    cat <<'END'
usage: deploy/install.sh --host NAME [--processes N] [--certificate FILE --certificate-key FILE] [--dry-run]

  --host NAME              the name under which clients reach the hub (needed the first time)
  --processes N            processes of the hub; as many as the machine has cores is plenty
  --certificate FILE       the certificate with its chain, and its key
  --certificate-key FILE
  --dry-run                say what would be done, and do nothing; needs no root

What is not said stays as it is. The first time it is 2 processes, and a self-signed certificate, which no client trusts.
END
}

code=/usr/local/lib/ortoo
settings=/etc/ortoo
env_file=$settings/hub.env
keys=$settings/keys
tls=$settings/tls
logs=/var/log/nginx
units=/etc/systemd/system
site=/etc/nginx/sites-available/ortoo
source="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

host="" processes="" certificate="" certificate_key="" dry=""

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

while [ $# -gt 0 ]; do
    case "$1" in
        --host | --processes | --certificate | --certificate-key)
            [ $# -ge 2 ] || fail "$1 needs a value."
            case "$1" in
                --host) host=$2 ;;
                --processes) processes=$2 ;;
                --certificate) certificate=$2 ;;
                --certificate-key) certificate_key=$2 ;;
            esac
            shift 2
            ;;
        --dry-run) dry=yes && shift ;;
        --help | -h) usage && exit 0 ;;
        *) usage >&2 && fail "what is $1?" ;;
    esac
done

if [ -z "$processes" ]; then
    processes=$(find $units/ortoo.target.wants -name 'ortoo-hub@*.service' 2>/dev/null | wc -l || true)
    [ "$processes" -gt 0 ] || processes=2
fi
[[ $processes =~ ^[1-9][0-9]?$ ]] || fail "--processes takes a number from 1 to 99."
if [ -z "$host" ] && [ -r "$env_file" ]; then
    host=$(sed -n 's/^ORTOO_ALLOWED_HOSTS=\([^,]*\).*/\1/p' "$env_file")
fi
[[ $host =~ ^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$ ]] || fail "say under which name the hub is reached: --host NAME"
if [ -r "$env_file" ] &&
    ! sed -n 's/^ORTOO_ALLOWED_HOSTS=//p' "$env_file" | tr -d '" ' | tr , '\n' | grep -xF "$host" >/dev/null; then
    fail "$env_file is kept as it is and does not know $host: add it to ORTOO_ALLOWED_HOSTS there first."
fi
[ -n "$certificate" ] && [ -z "$certificate_key" ] && fail "--certificate needs --certificate-key."
[ -z "$certificate" ] && [ -n "$certificate_key" ] && fail "--certificate-key needs --certificate."
for file in "$certificate" "$certificate_key"; do
    [ -z "$file" ] || [[ $file =~ ^/[A-Za-z0-9._/-]+$ ]] || fail "name certificate and key by their whole paths."
    [ -z "$file" ] || [ -r "$file" ] || [ -n "$dry" ] || fail "$file cannot be read."
done
[ -n "$dry" ] || [ "$(id -u)" = 0 ] || fail "only root can install; --dry-run shows what would be done."
umask 022
cd / # other users, PostgreSQL's for one, may not enter the folder that root calls this from

# --- how things are done ----------------------------------------------------------------------------------------------

changes=0 # what this run changed

say() { echo "== $*"; }

# do_ COMMAND…: show it, and run it; it changes something.
do_() {
    changes=$((changes + 1))
    look "$@"
}

# look COMMAND…: the same for one that changes nothing.
look() {
    echo "   \$ $*"
    [ -n "$dry" ] || "$@"
}

# put PATH MODE OWNER: the file holds what is on standard input, if it does not yet.
put() {
    local path=$1 mode=$2 owner=$3 new
    new=$(cat && echo .) # the dot keeps the last line's end
    new=${new%.}
    if [ -f "$path" ] && printf %s "$new" | cmp -s - "$path"; then
        echo "   $path is as it should be"
        return
    fi
    echo "   write $path ($mode $owner)"
    changes=$((changes + 1))
    if [ -n "$dry" ]; then
        printf %s "$new" | sed 's/^/   | /'
        return
    fi
    install -m "$mode" -o "${owner%:*}" -g "${owner#*:}" /dev/null "$path.new"
    printf %s "$new" >"$path.new"
    mv "$path.new" "$path"
}

# folder PATH MODE OWNER
folder() {
    if [ "$(stat -c '0%a %U:%G' "$1" 2>/dev/null || true)" = "$2 $3" ]; then
        echo "   $1 is there"
    else
        do_ install -d -m "$2" -o "${3%:*}" -g "${3#*:}" "$1"
    fi
}

# link TARGET PATH
link() {
    if [ "$(readlink "$2" 2>/dev/null || true)" = "$1" ]; then
        echo "   $2 is as it should be"
    else
        do_ ln -sfn "$1" "$2"
    fi
}

# running UNIT…: starts with the machine, and runs now.
running() {
    local unit
    for unit in "$@"; do
        if [ -z "$dry" ] && systemctl is-enabled --quiet "$unit" 2>/dev/null && systemctl is-active --quiet "$unit"; then
            echo "   $unit runs"
        else
            do_ systemctl --quiet enable --now "$unit"
        fi
    done
}

# is_current SERVICE: it runs, and since it was started nothing that it reads at its start was changed.
is_current() {
    local since
    [ -z "$dry" ] && systemctl is-active --quiet "$1" || return 1
    since=$(systemctl show --timestamp=unix --property ActiveEnterTimestamp --value "$1")
    since=${since#@} # whole seconds
    [ -z "$(find $code/current $env_file $keys "$units"/ortoo-* -newermt "@$((since + 1))" -print -quit)" ]
}

as_postgres() { runuser -u postgres -- "$@"; }

# --- the steps --------------------------------------------------------------------------------------------------------

say "Packages of the system"
wanted="ca-certificates curl nginx openssl postgresql python3 redis-server"
missing=""
for package in $wanted; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
if [ -n "$missing" ]; then
    do_ apt-get update
    # shellcheck disable=SC2086 # one word a package
    do_ env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
    if [[ $missing == *redis-server* ]]; then
        do_ systemctl --quiet disable --now redis-server.service # Debian's own, at a port: nobody here asked for it
    fi
else
    echo "   all there: $wanted"
fi

say "The user that the hub runs as"
if getent passwd ortoo >/dev/null; then
    echo "   ortoo is there"
else
    do_ useradd --system --user-group --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin ortoo
fi
id -nG ortoo 2>/dev/null | tr ' ' '\n' | grep -x redis >/dev/null || do_ usermod -aG redis ortoo # Redis listens at a socket of its own group

say "Folders"
folder $code 0755 root:root
folder $settings 0750 root:ortoo
folder $keys 0700 ortoo:ortoo
folder $tls 0700 root:root

say "The code, read-only for the hub, and its packages by the hashes in requirements/"
parts=(
    agencies audit bootstrap.py coordination deploy docs graphql hub LICENSE manage.py notifications ortoo pyproject.toml README.md
    referrals requirements vendor
)
# Of the browser client its sources: packages are fetched, and it is built, where it is served (bootstrap.py).
for part in "$source"/web/* "$source"/web/.npmrc; do
    case ${part##*/} in
        node_modules | dist* | tests) ;;
        *) [ ! -e "$part" ] || parts+=("web/${part##*/}") ;;
    esac
done
release=$code/$(cd "$source" && find "${parts[@]}" -type f ! -name '*.pyc' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16)
if [ -e "$release/complete" ]; then
    echo "   $release is there"
else
    do_ rm -rf "$release"
    folder "$release" 0755 root:root
    folder "$release/web" 0755 root:root
    for part in "${parts[@]}"; do
        case $part in web/*) into=$release/web ;; *) into=$release ;; esac
        do_ cp -R --no-preserve=ownership,mode "$source/$part" "$into/"
    done
    do_ python3 "$release/bootstrap.py"
    do_ touch "$release/complete"
fi
put /usr/local/sbin/ortoo-manage 0755 root:root <"$source/deploy/ortoo-manage"

say "The hub's keys: made once, readable by the hub alone, never overwritten"
if [ -e $keys/secret_key ] && [ -e $keys/hub.key ] && [ -e $keys/directory.key ] && [ -e $keys/activity.key ]; then
    echo "   all four are there"
else
    do_ env -C "$release" PYTHONDONTWRITEBYTECODE=1 runuser -u ortoo -- .venv/bin/python -m hub.make_keys $keys
fi

say "Settings (docs/operations.md tells of each)"
if [ -e $env_file ]; then
    echo "   $env_file is kept as it is"
else
    put $env_file 0640 root:ortoo <<END
DATABASE_URL=postgresql:///ortoo?host=/run/postgresql
REDIS_URL=unix:///run/redis-ortoo/redis-server.sock
ORTOO_ALLOWED_HOSTS=$host
ORTOO_TRUSTED_PROXY=unix
ORTOO_SECRET_KEY_FILE=$keys/secret_key
ORTOO_HUB_KEY_FILE=$keys/hub.key
ORTOO_DIRECTORY_LOG_KEY_FILE=$keys/directory.key
ORTOO_ACTIVITY_LOG_KEY_FILE=$keys/activity.key
END
fi

say "PostgreSQL: the role and the database ortoo, made once, reached by the hub's user without a password"
running postgresql.service
if [ -z "$dry" ] && [ "$(as_postgres psql -tAc "SELECT 1 FROM pg_roles WHERE rolname = 'ortoo'")" = 1 ]; then
    echo "   the role ortoo is there"
else
    do_ runuser -u postgres -- createuser --no-createdb --no-createrole --no-superuser ortoo
fi
if [ -z "$dry" ] && [ "$(as_postgres psql -tAc "SELECT 1 FROM pg_database WHERE datname = 'ortoo'")" = 1 ]; then
    echo "   the database ortoo is there"
else
    do_ runuser -u postgres -- createdb --owner ortoo --encoding UTF8 --locale C.UTF-8 --template template0 ortoo
fi

say "Redis: an instance of its own at a unix socket"
before=$changes
put /etc/redis/redis-ortoo.conf 0640 redis:redis <"$source/deploy/redis.conf"
[ "$changes" = "$before" ] || do_ systemctl restart redis-server@ortoo.service
running redis-server@ortoo.service

say "The database's tables, and Django's own check of the settings"
if [ -z "$dry" ] && ORTOO_CODE="$release" /usr/local/sbin/ortoo-manage migrate --check >/dev/null 2>&1; then
    echo "   the tables are as they should be"
else
    do_ env ORTOO_CODE="$release" /usr/local/sbin/ortoo-manage migrate --no-input
fi
look env ORTOO_CODE="$release" /usr/local/sbin/ortoo-manage check --deploy --fail-level WARNING

say "The new code in place of the old"
link "$release" $code/current

say "Services: $processes processes, restarted one after the other while their sockets stay open"
before=$changes
for unit in ortoo.target ortoo-hub@.socket ortoo-hub@.service ortoo-work.service; do
    put "$units/$unit" 0644 root:root <"$source/deploy/systemd/$unit"
done
[ "$changes" = "$before" ] || do_ systemctl daemon-reload
running ortoo.target
if [ -z "$dry" ]; then # processes that are no longer wanted
    for unit in "$units"/ortoo.target.wants/ortoo-hub@*.service; do
        number=${unit##*@} number=${number%.service}
        if [[ $number =~ ^[0-9]+$ ]] && [ "$number" -gt "$processes" ]; then
            do_ systemctl --quiet disable --now "ortoo-hub@$number.socket" "ortoo-hub@$number.service"
        fi
    done
fi
hubs=""
for number in $(seq "$processes"); do
    running "ortoo-hub@$number.socket"
    is_current "ortoo-hub@$number.service" || do_ systemctl restart "ortoo-hub@$number.service"
    running "ortoo-hub@$number.service"
    # It waits in the socket until the process answers.
    look curl --silent --show-error --fail --output /dev/null --max-time 60 --unix-socket "/run/ortoo/$number.sock" \
        "http://$host/healthz" || fail "process $number does not answer. See why: journalctl -u ortoo-hub@$number -n 50"
    hubs="$hubs${hubs:+ }server unix:/run/ortoo/$number.sock fail_timeout=1s;"
done
is_current ortoo-work.service || do_ systemctl restart ortoo-work.service
running ortoo-work.service

say "nginx, with TLS"
before=$changes
if [ -z "$certificate" ] && [ -e $site ]; then
    certificate=$(sed -n 's/^ *ssl_certificate  *\(.*\);$/\1/p' $site)
    certificate_key=$(sed -n 's/^ *ssl_certificate_key  *\(.*\);$/\1/p' $site)
fi
if [ -z "$certificate" ] || [ "$certificate" = $tls/certificate.pem ]; then
    certificate=$tls/certificate.pem certificate_key=$tls/key.pem
    if [ -e $tls/certificate.pem ] && [ -e $tls/key.pem ]; then
        echo "   the certificate is $certificate"
    else
        echo "   Without --certificate a self-signed one is made. No client trusts it: give a real one before use."
        do_ openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj "/CN=$host" \
            -addext "subjectAltName=DNS:$host" -keyout $tls/key.pem -out $tls/certificate.pem
    fi
else
    echo "   the certificate is $certificate"
fi
put $site 0644 root:root < <(
    sed -e "s|\${ORTOO_HOST}|$host|g" -e "s|\${ORTOO_HUBS}|$hubs|g" \
        -e "s|\${ORTOO_ACCESS_LOG}|$logs/ortoo-access.log|g" -e "s|\${ORTOO_ERROR_LOG}|$logs/ortoo-error.log|g" \
        -e "s|\${ORTOO_HTTP_PORT}|80|g" -e "s|\${ORTOO_HTTPS_PORT}|443|g" \
        -e "s|\${ORTOO_CERTIFICATE}|$certificate|g" -e "s|\${ORTOO_CERTIFICATE_KEY}|$certificate_key|g" \
        "$source/deploy/nginx/ortoo.conf.template"
)
link ../sites-available/ortoo /etc/nginx/sites-enabled/ortoo
[ ! -e /etc/nginx/sites-enabled/default ] || do_ rm /etc/nginx/sites-enabled/default # Debian's page, not the hub's
look nginx -q -t
running nginx.service
[ "$changes" = "$before" ] || do_ systemctl reload nginx.service
look curl --silent --show-error --fail --insecure --output /dev/null --max-time 30 --retry 5 --retry-connrefused \
    --resolve "$host:443:127.0.0.1" "https://$host/healthz" || fail "the processes answer, but not through nginx. See why: journalctl -u nginx -n 50"

say "Older code: the one before this is kept, for the way back"
if [ -z "$dry" ]; then
    while read -r old; do do_ rm -rf "$old"; done < <(
        find $code -mindepth 1 -maxdepth 1 -type d ! -path "$release" -printf '%T@ %p\n' |
            sort -rn | tail -n +2 | cut -d' ' -f2-
    )
fi

say "What the hub says of itself"
if [ -n "$dry" ]; then
    echo "   nothing was done: this was a dry run"
    exit
fi
/usr/local/sbin/ortoo-manage health || true
if [ "$changes" = 0 ]; then
    echo "   Nothing was changed: all was as it should be."
else
    echo "   Done. Its log: journalctl -u 'ortoo-*'"
fi
