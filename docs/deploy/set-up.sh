#!/bin/sh
# Makes what the service needs on this machine, and leaves what is there already: its user, its folders, /etc/outreach.env with a
# new secret key, and the command outreach-service. Run it as root, from the checkout in which .venv is:
#   sudo docs/deploy/set-up.sh
set -eu
checkout=$(cd "$(dirname "$0")/../.." && pwd)
user=${SERVICE_USER:-outreach}
file=${SERVICE_ENV:-/etc/outreach.env}
backups=${SERVICE_BACKUPS:-/var/backups/outreach}
commands=${SERVICE_COMMANDS:-/usr/local/bin}
units=${SERVICE_UNITS:-/etc/systemd/system}
if [ "$(id -u)" != 0 ]; then
    echo "This makes a user and files in /etc, so it needs root: sudo $0" >&2
    exit 1
fi
id "$user" >/dev/null 2>&1 || useradd --system --home-dir "$checkout" --no-create-home --shell /usr/sbin/nologin "$user"
group=$(id -gn "$user")
install -d -o "$user" -g "$group" -m 700 "$checkout/instance" "$backups"
if [ ! -e "$file" ]; then
    key=$(head -c 48 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')
    (umask 077 && sed -e "s|^OUTREACH_SECRET_KEY=.*|OUTREACH_SECRET_KEY=$key|" -e "s|/srv/outreach|$checkout|g" \
        "$checkout/docs/deploy/outreach.env.example" >"$file")
    echo "$file is made, with a new secret key. Write your address, mail server and sender into it."
fi
mkdir -p "$commands"
sed "s|@CHECKOUT@|$checkout|" "$checkout/docs/deploy/outreach-service" >"$commands/outreach-service"
chmod 755 "$commands/outreach-service"
if [ -d "$units" ]; then
    for unit in "$checkout"/docs/deploy/*.service "$checkout"/docs/deploy/*.timer; do
        [ -e "$units/$(basename "$unit")" ] || sed "s|/srv/outreach|$checkout|g" "$unit" >"$units/$(basename "$unit")"
    done
fi
echo "Next: outreach-service doctor, outreach-service db upgrade, outreach-service init; then start the units."
