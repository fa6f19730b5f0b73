// Dependencies point one way: services → edge, engines, service-kit → ports → domain → protocol. Fails on any other arrow,
// in manifests (what may be imported at run time) and in imports (what is).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Package → the workspace packages that its shipped code may use. */
const allowed = {
  protocol: [],
  domain: ['protocol'],
  dialects: ['protocol'],
  ports: ['protocol', 'domain'],
  'engine-memory': ['ports', 'domain', 'protocol'],
  'engine-nats': ['ports', 'domain', 'protocol'],
  'engine-redis': ['ports', 'domain', 'protocol'],
  'embedded-mongo': [],
  processes: [],
  'service-kit': ['ports', 'domain', 'protocol'],
  cluster: ['engine-nats', 'engine-redis', 'service-kit', 'ports', 'domain', 'protocol'],
  'api-docs': ['service-kit', 'dialects', 'protocol'],
  client: ['protocol'],
  web: ['client', 'protocol'],
  auth: ['api-docs', 'cluster', 'service-kit', 'dialects', 'ports', 'domain', 'protocol'],
  chat: ['cluster', 'service-kit', 'dialects', 'ports', 'domain', 'protocol'],
  'call-signaling': ['cluster', 'service-kit', 'dialects', 'ports', 'domain', 'protocol'],
  notification: ['cluster', 'service-kit', 'dialects', 'ports', 'domain', 'protocol'],
  'all-in-one': [
    'api-docs',
    'auth',
    'chat',
    'call-signaling',
    'notification',
    'engine-memory',
    'embedded-mongo',
    'service-kit',
    'dialects',
    'ports',
    'domain',
    'protocol',
  ],
};

const problems = [];

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

for (const top of ['packages', 'services']) {
  for (const { name } of readdirSync(top, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const permitted = allowed[name];
    if (!permitted) {
      problems.push(`${top}/${name}: not in the layer table of scripts/check-layers.mjs`);
      continue;
    }
    const manifest = JSON.parse(readFileSync(join(top, name, 'package.json'), 'utf8'));
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      const target = /^@switchboard\/(.+)$/.exec(dependency)?.[1];
      if (target && !permitted.includes(target))
        problems.push(`${top}/${name}/package.json must not depend on ${target}`);
    }
    for (const file of sources(join(top, name, 'src'))) {
      // Conformance suites, fixtures and test support are shipped to tests only.
      if (/\/(conformance|fixtures|testing)\//.test(file)) continue;
      for (const [, target] of readFileSync(file, 'utf8').matchAll(/from '@switchboard\/([a-z-]+)/g)) {
        if (target !== name && !permitted.includes(target))
          problems.push(`${file} must not import ${target}`);
      }
    }
  }
}

if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`);
  process.exit(1);
}
