// A container engine for the tests, and stand-ins for the images they need where no registry can be reached: node scripts/engine.js help
import {parseArgs} from 'node:util';
import {buildImages} from './engine/images.js';
import {printStatus, startEngine, stopEngine} from './engine/own-engine.js';
import {Refusal} from './engine/refusal.js';
import {startSwarm, stopSwarm} from './engine/swarm.js';

const USAGE = `Usage: node scripts/engine.js <command> [options]

  start        start an engine, unless one answers; prints its DOCKER_HOST (needs root on Linux; installs what is missing with apt-get)
  stop         stop the engine that \`start\` started, and undo what it changed on this machine; its images are kept
  status       say whether an engine answers, and which images it has
  images       build stand-ins for the images that it does not have
  swarm up     start three engines of their own, joined in a swarm; prints the DOCKER_HOST of the manager, then of the workers
  swarm down   stop them and remove all that they made

  --folder DIR   where engines keep their files (default /var/tmp/teralab-engine)
  --host URL     the engine to use (default: DOCKER_HOST, else the one in the folder)
  --force        images: build them even if they are there
  --image NAME   swarm up: load this image too; may be repeated
  --mirror URL   images: where Debian's packages come from
  --purge        stop: remove images and caches as well
`;

const COMMANDS = {
  start: startEngine,
  stop: stopEngine,
  status: printStatus,
  images: buildImages,
  'swarm up': startSwarm,
  'swarm down': stopSwarm,
};

try {
  const {values, positionals} = parse();
  const command = positionals.join(' ');
  if (!Object.hasOwn(COMMANDS, command)) {
    process.stderr.write(USAGE);
    process.exitCode = command === 'help' ? 0 : 2;
  } else {
    await COMMANDS[command](values);
  }
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`engine: ${error.message}\n`);
  process.exitCode = 1;
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        folder: {type: 'string', default: '/var/tmp/teralab-engine'},
        host: {type: 'string'},
        force: {type: 'boolean', default: false},
        image: {type: 'string', multiple: true, default: []},
        mirror: {type: 'string'},
        purge: {type: 'boolean', default: false},
      },
    });
  } catch (error) {
    throw new Refusal(error.message);
  }
}
