import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import {execa} from 'execa';
import {afterAll, beforeEach, describe, expect, it} from 'vitest';
import {root} from './support/learner.ts';
import {processes} from './support/processes.ts';
import {leaveOut} from './support/require.ts';

/**
 * In a network namespace of its own, so that the engine which other tests use keeps its rules: looks at the network, starts an engine with a
 * user network, kills it if told so, stops it, and looks again.
 */
const STORY = `
look() {
  ip -brief link | cut -d ' ' -f 1
  iptables-save | grep -v '^#' | sed 's/\\[.*//'
  nft list tables
  cat /proc/sys/net/ipv4/ip_forward
}
set -e
ip link set lo up
look >"$1/before"
node "$2" start --folder "$1/engine" >"$1/printed"
docker --host "unix://$1/engine/docker.sock" network create between
[ "$3" = stopped ] || kill -KILL "$(cat "$1/engine/dockerd.pid")"
look >"$1/during"
node "$2" stop --folder "$1/engine"
look >"$1/after"
cmp "$1/before" "$1/during" && exit 1
cmp "$1/before" "$1/after"
`;

/**
 * Starts an engine in a folder where one that was killed has left the numbers of its processes, which others have now: this shell's. Kills it
 * with its containerd, and starts the next.
 */
const NUMBERS_TAKEN = `
set -e
ip link set lo up
take_numbers() {
  mkdir -p "$1/engine/exec/containerd"
  printf $$ >"$1/engine/dockerd.pid"
  printf $$ >"$1/engine/exec/containerd/containerd.pid"
}
take_numbers "$1"
node "$2" start --folder "$1/engine"
kill -KILL "$(cat "$1/engine/dockerd.pid")" "$(cat "$1/engine/exec/containerd/containerd.pid")"
take_numbers "$1"
node "$2" stop --folder "$1/engine"
`;

const TORN_NETWORKS = `
set -e
ip link set lo up
node "$2" start --folder "$1/engine"
node "$2" stop --folder "$1/engine"
`;

describe('the engine script', () => {
  const folder = mkdtempSync(join(tmpdir(), 'teralab-stop-'));
  beforeEach(async context => {
    if (process.getuid?.() !== 0) leaveOut(context, 'an engine of our own needs root');
    const {exitCode} = await execa('dockerd', ['--version'], {reject: false});
    if (exitCode !== 0) leaveOut(context, 'dockerd is not installed; `node scripts/engine.js start` installs it');
    if (existsSync('/var/run/docker.sock')) leaveOut(context, "the machine's own engine would be used");
  });
  afterAll(() => rmSync(folder, {recursive: true, force: true}));

  /** Plays a story in a network of its own. Returns what was said, once nothing of its engine is left. */
  const play = async (story: string, how = ''): Promise<string> => {
    const args = ['--net', 'sh', '-c', story, 'sh', folder, join(root, 'scripts', 'engine.js'), how];
    const {exitCode, all} = await execa('unshare', args, {env: {DOCKER_HOST: undefined}, reject: false, all: true});
    expect(exitCode, all).toBe(0);
    expect(all).not.toContain('could not be removed');
    expect(processes().filter(({command}) => command.includes(`${folder}/engine`))).toEqual([]);
    return all;
  };

  it.each(['stopped', 'killed'])('leaves the network as it was, and no process, when its engine was %s', async how => {
    await play(STORY, how);
    expect(existsSync(join(folder, 'engine', 'exec'))).toBe(false);
  });

  it('starts an engine although processes have the numbers that a killed one has left', async () => {
    await play(NUMBERS_TAKEN);
  });

  it('starts an engine without its networks when it was killed while it wrote one down', async () => {
    const files = join(folder, 'engine', 'data', 'network', 'files');
    mkdirSync(files, {recursive: true});
    // As a dockerd 20.10 that was killed has left it.
    writeFileSync(join(files, 'local-kv.db'), gunzipSync(readFileSync(join(root, 'test/data/torn-networks.db.gz'))));
    expect(await play(TORN_NETWORKS)).toContain('it starts without them');
  });
});
