#!/bin/sh
# What the official image's entrypoint does where a learner can see it: options alone are options of redis-server, and
# a server that was started as root hands the data folder to the user `redis` and goes on as that user.
set -e

case ${1:-} in
-* | *.conf) set -- redis-server "$@" ;;
esac

if [ "${1:-}" = redis-server ]; then
    # Redis answers other containers only with its protected mode off. The official image is built that way.
    case " $* $(cat "${2:-}" 2>/dev/null || true)" in
    *protected-mode*) ;;
    *) set -- "$@" --protected-mode no ;;
    esac
    umask 0077
    if [ "$(id -u)" = 0 ]; then
        find . \! -user redis -exec chown redis '{}' +
        exec setpriv --reuid redis --regid redis --clear-groups "$@"
    fi
fi
exec "$@"
