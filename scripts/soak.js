// Random faults of all kinds on the production-grade services under load, then silence, and a look at what is left:
//   node scripts/soak.js [--for 60s] [--seed N] [--broker postgres|nats] [--rate PEOPLE_A_SECOND] [--json]
// The same seed has the same faults at the same moments, and the same people; what meets what is up to the machine. Exit code 1: an invariant
// was violated. Runs the built command; build first.
import {parseArgs} from 'node:util';
import {loadTypeScript} from './load-typescript.js';

const {values} = parseArgs({
  options: {
    for: {type: 'string', default: '60s'},
    seed: {type: 'string', default: String(Math.floor(Math.random() * 2 ** 31))},
    broker: {type: 'string', default: 'postgres'},
    rate: {type: 'string', default: '3'},
    json: {type: 'boolean', default: false},
  },
});
const [, figure, unit] = /^(\d+)(s|m)$/.exec(values.for) ?? [];
const forMs = Number(figure) * (unit === 'm' ? 60_000 : 1_000);
const seed = Number(values.seed);
const ratePerSecond = Number(values.rate);
if (
  !(forMs >= 10_000) ||
  !Number.isInteger(seed) ||
  !(ratePerSecond > 0) ||
  !['postgres', 'nats'].includes(values.broker)
) {
  console.error(
    'usage: node scripts/soak.js [--for 60s|10m] [--seed N] [--broker postgres|nats] [--rate 3] [--json]; 10 s at least',
  );
  process.exit(2);
}

const {soak, describeSoak} = await loadTypeScript('test/support/soak/main.ts');
const startedAt = Date.now();
const say = line => console.error(`[${((Date.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s] ${line}`);
if (!values.json) console.log(`seed ${seed}, ${values.for}, broker ${values.broker}`);
const report = await soak({seed, forMs, broker: values.broker, ratePerSecond, say});
console.log(values.json ? JSON.stringify(report) : describeSoak(report));
process.exitCode = report.held ? 0 : 1;
