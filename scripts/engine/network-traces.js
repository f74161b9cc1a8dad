import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {run} from './run.js';

/** Kernel settings that an engine changes and never sets back. */
const SETTINGS = ['/proc/sys/net/ipv4/ip_forward'];
/** Files and folders that it makes outside of its own. Folders are removed only when they are empty. */
const FILES = ['/etc/docker/key.json'];
const FOLDERS = [
  '/etc/docker',
  '/run/containerd/s',
  '/run/containerd/fifo',
  '/run/containerd',
  '/run/docker/plugins',
  '/run/docker',
];
/** Tells its rules in others' chains: they lead to its own chains, name its bridges, or let a container reach itself by a published port. */
const ENGINE_RULE = /DOCKER|docker0|br-[0-9a-f]{12}|^-A POSTROUTING -s (\S+) -d \1 .*-j MASQUERADE$/;
/** The tables that it puts rules in. */
const TABLES = ['filter', 'nat'];

/** How the machine's network is before an engine changes it: what `undoNetwork` needs. */
export async function recordNetwork() {
  return {
    settings: Object.fromEntries(SETTINGS.map(file => [file, readFileSync(file, 'utf8')])),
    paths: [...FILES, ...FOLDERS].filter(path => existsSync(path)),
    links: await listLinks(),
    tables: await listTables(),
    rules: await listRules(),
  };
}

/**
 * Sets back what an engine changed and leaves behind when it ends: its first bridge, its chains and the rules that lead there, the
 * policy of the FORWARD chain, forwarding. What others have changed meanwhile stays.
 */
export async function undoNetwork(before) {
  for (const link of await listLinks()) {
    if (isEngineLink(link) && !before.links.includes(link)) await run('ip', ['link', 'delete', link]);
  }
  await removeRules(before);
  await dropEmptyTables(before.tables);
  for (const [file, text] of Object.entries(before.settings)) writeFileSync(file, text);
  for (const file of FILES) if (!before.paths.includes(file)) rmSync(file, {force: true});
  for (const folder of FOLDERS) {
    if (!before.paths.includes(folder) && existsSync(folder)) await run('rmdir', [folder], {mayFail: true});
  }
}

async function removeRules(before) {
  const known = new Set(before.rules);
  for (const table of TABLES) {
    const lines = (await listRules())
      .filter(line => line.startsWith(`${table} `))
      .map(line => line.slice(table.length + 1));
    const added = lines.filter(line => !known.has(`${table} ${line}`));
    const iptables = async words => run('iptables', ['-w', '-t', table, ...words]);
    const chains = added.filter(line => line.startsWith('-N DOCKER')).map(line => line.split(' ')[1]);
    for (const rule of added) {
      const [verb, chain] = rule.split(' ');
      if (verb === '-A' && !chain.startsWith('DOCKER') && ENGINE_RULE.test(rule)) {
        await iptables(['-D', ...splitWords(rule).slice(1)]);
      }
    }
    for (const chain of chains) await iptables(['-F', chain]);
    for (const chain of chains) await iptables(['-X', chain]);
    if (table === 'filter' && before.rules.includes('filter -P FORWARD ACCEPT') && added.includes('-P FORWARD DROP')) {
      await iptables(['-P', 'FORWARD', 'ACCEPT']);
    }
  }
}

/** Making its first rule makes a table. One that was not there before, is empty and lets everything pass does nothing, and goes. */
export async function dropEmptyTables(before) {
  for (const table of TABLES) {
    const now = await listTables();
    if (before.includes(`ip ${table}`) || !now.includes(`ip ${table}`)) continue;
    const rules = (await listRules()).filter(line => line.startsWith(`${table} `));
    if (rules.every(line => / -P \S+ ACCEPT$/.test(line)))
      await run('nft', ['delete', 'table', 'ip', table], {mayFail: true});
  }
}

/** `filter -A FORWARD …`, one string a rule. */
async function listRules() {
  const tables = await Promise.all(
    TABLES.map(async table =>
      (await run('iptables', ['-w', '-t', table, '-S']))
        .trimEnd()
        .split('\n')
        .map(line => `${table} ${line}`),
    ),
  );
  return tables.flat();
}

/** `ip filter`, `ip nat`: those of nftables, which iptables uses. */
export async function listTables() {
  const printed = (await run('nft', ['list', 'tables'], {mayFail: true})) ?? '';
  return printed.split('\n').map(line => line.replace(/^table /, ''));
}

async function listLinks() {
  return JSON.parse(await run('ip', ['-json', 'link', 'show'])).map(({ifname}) => ifname);
}

function isEngineLink(name) {
  return name === 'docker0' || name === 'docker_gwbridge' || /^br-[0-9a-f]{12}$/.test(name);
}

/** As iptables prints them: words, and texts in double quotes. */
function splitWords(rule) {
  return (rule.match(/"[^"]*"|\S+/g) ?? []).map(word => word.replace(/^"(.*)"$/, '$1'));
}
