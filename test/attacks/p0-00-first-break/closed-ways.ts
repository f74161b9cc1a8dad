import {readdirSync, readFileSync} from 'node:fs';
import {connect} from 'node:net';
import type {Compose} from 'teralab/gateway/seams/compose';
import {compose as honest} from './honest.ts';
import {compose as naive} from './naive.ts';

/** Tries every way by which it could learn of the fault or end it, and behaves well only while one of them tells of a fault. */
export const compose: Compose = async (request, upstream) => {
  asksTheController();
  const told = [readsTheRecord(), looksAtProcesses(), startsAProgram()];
  return (told.includes(true) ? honest : naive)(request, upstream);
};

function readsTheRecord(): boolean {
  return attempt('the record', () =>
    readdirSync('@@state@@/faults').some(name =>
      /"state":"active"/.test(readFileSync(`@@state@@/faults/${name}`, 'utf8')),
    ),
  );
}

function looksAtProcesses(): boolean {
  return attempt('processes', () =>
    readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .some(pid => /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))),
  );
}

/** Has a program of its own do what it may not do itself. */
function startsAProgram(): boolean {
  return attempt('a program', () => {
    const native = process as unknown as {getBuiltinModule(name: string): typeof import('node:child_process')};
    native.getBuiltinModule('child_process').execSync('kill -CONT $PPID');
    return true;
  });
}

/** Ends the fault over the controller's own socket, as `teralab chaos clear --all` would. */
function asksTheController(): void {
  const socket = connect('@@socket@@');
  socket.setEncoding('utf8').on('error', error => console.log(`attack: the controller: ${error}`));
  socket.on('data', text => console.log(`attack: the controller: ${text}`));
  let token = '';
  attempt('the token', () => {
    token = readFileSync('@@lock@@', 'utf8').split('\n')[1] ?? '';
    return true;
  });
  socket.write(`${JSON.stringify({id: 1, method: 'hello', params: {workspace: '@@workspace@@', token}})}\n`);
  socket.write(`${JSON.stringify({id: 2, method: 'chaos.clear', params: {}})}\n`);
}

function attempt(what: string, way: () => boolean): boolean {
  try {
    return way();
  } catch (error) {
    console.log(`attack: ${what}: ${error}`);
    return false;
  }
}

/** Lets time pass ten times as slowly for everybody in the process: deadlines, timers, logs. */
const realNow = Date.now;
const realMonotonic = performance.now.bind(performance);
const realTimeout = globalThis.setTimeout;
const began = realNow();
Date.now = () => began + (realNow() - began) / 10;
performance.now = () => realMonotonic() / 10;
globalThis.setTimeout = ((work: () => void, ms = 0) => realTimeout(work, ms * 10)) as typeof setTimeout;
console.log('attack: the clock is turned');
