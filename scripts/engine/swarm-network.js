import {existsSync} from 'node:fs';
import {dropEmptyTables, listTables} from './network-traces.js';
import {Refusal} from './refusal.js';
import {run} from './run.js';

const SWITCH = 'teralab-swarm';
const SUBNET = '10.213.0';
/** Frames between ports of a bridge go through FORWARD where br_netfilter is on, and another engine's policy there is DROP. */
const PASS = ['FORWARD', '-i', SWITCH, '-o', SWITCH, '-m', 'comment', '--comment', SWITCH, '-j', 'ACCEPT'];

/** The names and the address of one of the swarm's machines, which are numbered from 1. */
export function hostOf(number) {
  const name = `teralab-h${number}`;
  return {namespace: name, link: name, address: `${SUBNET}.${10 + number}`};
}

/** What `removeSwitch` needs to know of the time before. */
export async function recordSwitch() {
  return {tables: await listTables(), hadNamespaces: existsSync('/run/netns')};
}

/** The bridge between the machines; through its address this machine reaches them. */
export async function addSwitch() {
  const routes = await run('ip', ['-4', 'route', 'show']);
  if (routes.includes(`${SUBNET}.`))
    throw new Refusal(`The network ${SUBNET}.0/24, which the swarm would use, is in use on this machine.`);
  await run('ip', ['link', 'add', SWITCH, 'type', 'bridge']);
  await run('ip', ['address', 'add', `${SUBNET}.1/24`, 'dev', SWITCH]);
  await run('ip', ['link', 'set', SWITCH, 'up']);
  await run('iptables', ['-w', '-I', ...PASS]);
}

export async function addHost(number) {
  const {namespace, link, address} = hostOf(number);
  const inside = async (...args) => run('ip', ['-netns', namespace, ...args]);
  await run('ip', ['netns', 'add', namespace]);
  await run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace]);
  await run('ip', ['link', 'set', link, 'master', SWITCH, 'up']);
  await inside('link', 'set', 'lo', 'up');
  await inside('address', 'add', `${address}/24`, 'dev', 'eth0');
  await inside('link', 'set', 'eth0', 'up');
  await inside('route', 'add', 'default', 'via', `${SUBNET}.1`);
}

export async function removeHost(number) {
  const {namespace, link} = hostOf(number);
  await run('ip', ['link', 'delete', link], {mayFail: true});
  await run('ip', ['netns', 'delete', namespace], {mayFail: true});
}

export async function removeSwitch({tables, hadNamespaces}) {
  await run('ip', ['link', 'delete', SWITCH], {mayFail: true});
  await run('iptables', ['-w', '-D', ...PASS], {mayFail: true});
  await dropEmptyTables(tables);
  if (!hadNamespaces) {
    // It is a mount of its own; not empty, it is another's by now.
    const left = await run('ls', ['/run/netns'], {mayFail: true});
    if (left === '') {
      await run('umount', ['/run/netns'], {mayFail: true});
      await run('rmdir', ['/run/netns'], {mayFail: true});
    }
  }
}
