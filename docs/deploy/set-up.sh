#!/bin/sh
# Makes what the service needs on this machine, and leaves what is there already: its user, its folders, /etc/outreach.env with a
# new secret key, the units, and the command outreach-service. Run it as root, from the checkout in which .venv is:
#   sudo docs/deploy/set-up.sh
# Another user than "outreach":  sudo SERVICE_USER=… docs/deploy/set-up.sh
set -eu
checkout=$(cd "$(dirname "$0")/../.." && pwd)
user=${SERVICE_USER:-outreach}
file=${SERVICE_ENV:-/etc/outreach.env}
backups=${SERVICE_BACKUPS:-/var/backups/outreach}
commands=${SERVICE_COMMANDS:-/usr/local/bin}
units=${SERVICE_UNITS:-/etc/systemd/system}

refuse() {
    echo "$1" >&2
    exit 1
}

# What stands in docs/deploy, with this machine's places and user.
filled() {
    sed -e "s|/srv/outreach|$checkout|g" -e "s|/etc/outreach.env|$file|g" -e "s|/var/backups/outreach|$backups|g" \
        -e "s|^User=outreach$|User=$user|" -e "s|^user=outreach$|user=$user|" "$checkout/docs/deploy/$1"
}

[ "$(id -u)" = 0 ] || refuse "This makes a user and files in /etc, so it needs root: sudo $0"
case $user$file$backups$checkout in
    *[!A-Za-z0-9/._+-]*)
        refuse "$checkout, $file, $backups and $user stand in units of systemd, so they may have only letters, digits and / . _ + - in them."
        ;;
esac
for place in "$checkout" "$(readlink -m "$checkout/.venv/bin/python")"; do
    case $place in
        /home/* | /root/* | /run/user/*)
            refuse "$place is in a home folder, where a service may not read. Move the checkout, such as to /srv/outreach, and make its .venv with /usr/bin/python3."
            ;;
    esac
done
id "$user" >/dev/null 2>&1 || useradd --system --home-dir "$checkout" --no-create-home --shell /usr/sbin/nologin "$user"
group=$(id -gn "$user")
install -d -o "$user" -g "$group" -m 700 "$checkout/instance" "$backups"
if [ ! -e "$file" ]; then
    key=$(head -c 48 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')
    (umask 077 && filled outreach.env.example | sed -e "s|^OUTREACH_SECRET_KEY=.*|OUTREACH_SECRET_KEY=$key|" >"$file")
    echo "$file is made, with a new secret key. Write your address, mail server and sender into it."
fi
mkdir -p "$commands"
filled outreach-service >"$commands/outreach-service"
chmod 755 "$commands/outreach-service"
if [ -d "$units" ]; then
    for unit in "$checkout"/docs/deploy/*.service "$checkout"/docs/deploy/*.timer; do
        unit=$(basename "$unit")
        [ -e "$units/$unit" ] || filled "$unit" >"$units/$unit"
    done
fi
echo "Next: outreach-service doctor, outreach-service db upgrade, outreach-service init; then start the units."
