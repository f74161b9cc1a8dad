import type {ChildProcess} from 'node:child_process';

/** The file descriptor of the leash in a child: a pipe whose other end only the controller holds. */
export const LEASH_FD = 4;

/**
 * Becomes the command it is given, after leaving behind a watchdog that ends the command when the leash breaks, which is when the
 * controller dies, however it dies: the command itself may be paused or caught in a loop and would never see it. `$LEASH_SIGNAL` is
 * sent first; a second later what is left is killed. The watchdog is nobody's child (forked twice) and deaf to the terminal; it
 * checks by start time that the pid still is the command's. Children of the command are woken too: Postgres is a tree.
 */
export const LEASH_SCRIPT = `
started() {
  if [ -d /proc/self ]; then
    { IFS= read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    set -- \${stat##*) }
    echo "\${20}"
  else
    ps -o lstart= -p "$1"
  fi
}
children() {
  if [ -d /proc/self ]; then
    for file in /proc/[0-9]*/stat; do
      { IFS= read -r stat <"$file"; } 2>/dev/null || continue
      child=\${stat%% *}
      set -- "$1" \${stat##*) }
      [ "$3" = "$1" ] && echo "$child"
    done
  else
    pgrep -P "$1"
  fi
}
mine=$(started $$)
(
  (
    trap '' HUP INT TERM
    while read -r line; do :; done
    [ "$(started $$)" = "$mine" ] || exit 0
    below=$(children $$)
    kill -s "$LEASH_SIGNAL" $$
    kill -s CONT $$ $below
    tries=0
    while [ "$(started $$)" = "$mine" ] && [ $tries -lt 20 ]; do sleep 0.05; tries=$((tries + 1)); done
    [ "$(started $$)" = "$mine" ] || exit 0
    below=$(children $$)
    kill -s KILL $$ $below
  ) <&${LEASH_FD} ${LEASH_FD}<&- >/dev/null 2>&1 &
)
unset LEASH_SIGNAL
exec "$@" ${LEASH_FD}<&-
`;

/** Lets go of a child's leash once the child is gone, which ends its watchdog. */
export function dropLeash(child: ChildProcess): void {
  const leash = child.stdio[LEASH_FD];
  if (leash !== null && leash !== undefined && 'destroy' in leash) leash.destroy();
}
