import assert from 'node:assert/strict'
import {
  mkdtempSync,
  readFileSync,
  readlinkSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { configJsonSchema } from '../../../daemon/config-schema.ts'
import { trackerOf } from '../../../daemon/config-tracker.ts'
import { formatDuration, parseDuration, parseListenAddress } from '../../../daemon/config-words.ts'
import {
  addCheckout,
  isExplicit,
  loadConfig,
  loadRepoConfig,
  removeCheckout,
} from '../../../daemon/config.ts'
import { isRepoId, SkeinError } from '../../../protocol/index.ts'

function makeFolder(t: TestContext, files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-config-'))
  t.after(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path.join(folder, name), content)
  }
  return folder
}

/** The message of the refusal of a `.skein.yml`, without its folder. */
function refusalOf(t: TestContext, content: string): string {
  const root = makeFolder(t, { '.skein.yml': content })
  try {
    loadRepoConfig(root)
  } catch (error) {
    assert.ok(error instanceof SkeinError)
    assert.equal(error.code, 'CONFIG_INVALID')
    return error.message.replaceAll(`${root}/`, '')
  }
  return 'accepted'
}

describe('loadConfig', () => {
  it('gives the defaults without a file', (t) => {
    const home = makeFolder(t)
    const { settings, ...config } = loadConfig({ home, env: {} })
    assert.deepEqual(config, {
      home,
      machine: null,
      listen: [{ host: '127.0.0.1', port: 7451 }],
      dial: {},
      discovery: 'none',
      http_port: 7452,
      repos: {},
      exclude: [],
      enrol: 'auto',
      trust_scripts: false,
      read_only: false,
      language_servers: [],
      log_level: 'info',
      retention: {
        audit: 365 * 86_400,
        audit_mib: 512,
        logs_mib: 64,
        wip: 14 * 86_400,
        wip_mib: 512,
      },
      capabilities: [],
      webhooks: [],
      tracker: {},
      fleet: {},
    })
    assert.ok(settings.every(({ source, from }) => source === 'default' && from === null))
  })

  it('lays file, environment and flags over them, and knows each source', (t) => {
    const content = '# mine\nmachine: desk\nhttp_port: 1000\nlisten: ["0.0.0.0:1001"]\n'
    const home = makeFolder(t, { 'config.yml': content })
    const env = { SKEIN_HTTP_PORT: '2000', SKEIN_MESH_LISTEN: '[::1]:2001, 2002' }
    const flags = { http_port: 0 }
    const config = loadConfig({ home, env, flags })
    assert.equal(config.machine, 'desk')
    assert.equal(config.http_port, 0)
    assert.deepEqual(config.listen, [
      { host: '::1', port: 2001 },
      { host: '127.0.0.1', port: 2002 },
    ])
    const sources = config.settings.map(({ key, source, from }) => [key, source, from])
    assert.deepEqual(sources.slice(0, 6), [
      ['machine', 'file', `${home}/config.yml:2`],
      ['listen', 'environment', 'SKEIN_MESH_LISTEN'],
      ['dial', 'default', null],
      ['discovery', 'default', null],
      ['http_port', 'flag', null],
      ['repos', 'default', null],
    ])
    assert.equal(isExplicit(config, 'http_port'), true)
    assert.equal(isExplicit(config, 'repos'), false)
  })

  it('is frozen all the way down', (t) => {
    const home = makeFolder(t, { 'config.yml': 'repos: { acme/shop: [/src/shop] }' })
    const config = loadConfig({ home, env: {} })
    assert.ok(Object.isFrozen(config))
    assert.ok(Object.isFrozen(config.repos['acme/shop']))
  })

  it('refuses wrong variables by name', (t) => {
    const home = makeFolder(t)
    for (const [name, value] of [
      ['SKEIN_HTTP_PORT', '65536'],
      ['SKEIN_HTTP_PORT', 'http'],
      ['SKEIN_MESH_LISTEN', '7451,'],
    ] as const) {
      const load = () => loadConfig({ home, env: { [name]: value } })
      assert.throws(load, { code: 'CONFIG_INVALID', message: new RegExp(`^${name}: expected`) })
    }
  })

  it('takes all keys of the contract', (t) => {
    const content = `
      machine: desk-1
      listen: [7451]
      dial: { desk-2: ['127.0.0.1:9000'] }
      http_port: 0
      repos: { acme/shop: [/src/shop] }
      exclude: [acme/secret, /src/private]
      enrol: ask
      trust_scripts: true
      capabilities: [docker]
      webhooks: [{ url: 'https://example.org/hook', events: [claim.granted] }]
      tracker: plan
      fleet:
        accept: [desk-2]
        repos: [acme/shop]
        launchers: { mine: { command: agent, args: [-p], env: { A: b } } }
        max_workers: 2
        quiet_hours: 22:00-06:00
        spending: { per_run: 1.5, per_day: 20 }
    `.replace('[7451]', '["7451"]')
    const config = loadConfig({ home: makeFolder(t, { 'config.yml': content }), env: {} })
    assert.equal(config.fleet.max_workers, 2)
    assert.equal(config.enrol, 'ask')
    assert.deepEqual(config.dial, { 'desk-2': [{ host: '127.0.0.1', port: 9000 }] })
  })
})

describe('the tracker of a repository', () => {
  const load = (t: TestContext, tracker: string) =>
    loadConfig({ home: makeFolder(t, { 'config.yml': `tracker: ${tracker}` }), env: {} }).tracker

  it('is what stands under its id, else the default where its id is owner/name, else its plans', (t) => {
    const map = `
      team/shop: { kind: gitea, url: 'https://git.example.org', token_env: SHOP_TOKEN }
      team/deep/id: { kind: github, project: team/id }
      default: { kind: github }`
    const found = (text: string, repo: string) => trackerOf(load(t, text), repo)
    const shop = { kind: 'gitea', url: 'https://git.example.org', token_env: 'SHOP_TOKEN' }
    assert.deepEqual(found(map, 'team/shop'), { ...shop, project: 'team/shop' })
    assert.deepEqual(found(map, 'team/deep/id'), { kind: 'github', project: 'team/id' })
    assert.deepEqual(found(map, 'team/other'), { kind: 'github', project: 'team/other' })
    assert.deepEqual(found(map, 'host/team/other'), { kind: 'plan' })
    assert.deepEqual(found('github', 'team/shop'), { kind: 'github', project: 'team/shop' })
    assert.deepEqual(found('plan', 'team/shop'), { kind: 'plan' })
    assert.deepEqual(trackerOf({}, 'constructor'), { kind: 'plan' })
  })

  it('is refused with what is wrong in it', (t) => {
    const wrong: readonly (readonly [text: string, says: RegExp])[] = [
      ['gitea', /tracker: expected plan, github, or what `kind`/],
      ['[github]', /tracker: expected plan, github, or what `kind`/],
      ['{ a/b: { kind: gitea } }', /tracker\.a\/b: `gitea` needs its `url`/],
      ['{ a/b: { kind: github, tokn_env: X } }', /nearest right key is token_env/],
      ['{ a/b: { kind: gitlab } }', /a\/b\.kind: expected one of "plan"\|"github"\|"gitea"/],
      ['{ a/b: { kind: gitea, url: "ftp://x" } }', /expected an http or https address/],
      ['{ a/b: { kind: plan, project: a/b } }', /it calls nobody/],
      ['{ a/b/c: { kind: github } }', /needs its `project`/],
      ['{ default: { kind: github, project: a/b } }', /is of many repositories/],
      ['{ shop: { kind: github } }', /tracker\.shop: expected an id such as owner\/name/],
    ]
    for (const [text, message] of wrong)
      assert.throws(() => load(t, text), { code: 'CONFIG_INVALID', message }, text)
  })
})

describe('loadRepoConfig', () => {
  it('gives the defaults of the contract without a file', (t) => {
    const config = loadRepoConfig(makeFolder(t))
    assert.equal(config.file, null)
    assert.equal(config.repo, null)
    assert.equal(config.case, 'fold')
    assert.equal(config.offline, 'provisional')
    assert.deepEqual(config.edit_wait, { headless: 600, interactive: 0 })
    assert.equal(config.idle_release, 1_800)
    assert.deepEqual(config.ttl, { default: 14_400, shared: 7_200, task: 864_000 })
    const none = { claims_per_agent: null, waits_per_agent: null, waits: null }
    assert.deepEqual(config.limits, { files: 100, ratio: 0.2, ...none })
  })

  it('takes all keys of the contract, durations as seconds', (t) => {
    const root = makeFolder(t, {
      '.skein.yml': `
        repo: acme/web/shop
        default_branch: main
        plan_path: docs/PLAN.md
        case: exact
        limits: { files: 50, ratio: 0.1, claims_per_agent: 20, waits_per_agent: 5, waits: 50 }
        ttl: { default: 90s, shared: 15m, task: 10d }
        idle_release: 2m
        shared: ['docs/**']
        protected: [package.json]
        depends_on: [acme/lib]
        owners:
          modules: { auth: { paths: ['src/auth/**'], owners: [ann], severity: hard } }
          areas: { docs: { paths: [docs] } }
        commands: { build: make, test: make test, smoke: make smoke, housekeeping: [make clean] }
        fleet: { launcher: claude, model: a, models: [a, b], labels: { hard: b }, checklist: [Tests?], merge: pr }
        edit_wait: { headless: 5m, interactive: 10s }
        offline: deny
      `,
    })
    const config = loadRepoConfig(root)
    assert.equal(config.file, path.join(root, '.skein.yml'))
    assert.deepEqual(config.ttl, { default: 90, shared: 900, task: 864_000 })
    assert.equal(config.idle_release, 120)
    const ttl = config.settings.find(({ key }) => key === 'ttl.shared')
    assert.deepEqual(ttl, {
      key: 'ttl.shared',
      value: 900,
      source: 'file',
      from: `${root}/.skein.yml:7`,
    })
  })

  it('tells a default beside a given value of the same group', (t) => {
    const config = loadRepoConfig(makeFolder(t, { '.skein.yml': 'ttl:\n  default: 1h\n' }))
    assert.equal(config.ttl.shared, 7_200)
    assert.equal(isExplicit(config, 'ttl.default'), true)
    assert.equal(isExplicit(config, 'ttl.shared'), false)
  })

  it('takes an empty file for none of its keys', (t) => {
    for (const content of ['', '\n# later\n', '---\n']) {
      assert.equal(loadRepoConfig(makeFolder(t, { '.skein.yml': content })).repo, null)
    }
  })

  it('names file, line, key and the nearest right key', (t) => {
    const table: readonly (readonly [string, string])[] = [
      [
        'repo: a/b\nlimit: {}',
        '.skein.yml:2: limit: unknown key; the nearest right key is limits.',
      ],
      [
        'ttl:\n  # x\n  shred: 1h',
        '.skein.yml:3: ttl.shred: unknown key; the nearest right key is shared.',
      ],
      [
        'owners:\n  areas:\n    core:\n      path: [a]\n      paths: [a]',
        '.skein.yml:4: owners.areas.core.path: unknown key; the nearest right key is paths.',
      ],
      ['http_port: 1', '.skein.yml:1: http_port: unknown key here; it belongs in config.yml.'],
      ['a: 1\nb: 2', '.skein.yml:1: a: unknown key; the nearest right key is case. (and 1 more).'],
    ]
    for (const [content, message] of table) {
      assert.equal(refusalOf(t, content), message.replace('. (and', ' (and'))
    }
  })

  it('says what it expected of a wrong value', (t) => {
    const table: readonly (readonly [string, RegExp])[] = [
      ['ttl:\n  default: 4', /^\.skein\.yml:2: ttl\.default: expected a duration such as 90s/],
      ['ttl: { default: 4 hours }', /:1: ttl\.default: expected a duration such as 90s/],
      ['ttl: { task: 11d }', /ttl\.task: expected a duration from 1s to 10d/],
      ['idle_release: 89s', /idle_release: expected a duration from 90s to 10d/],
      ['repo: shop', /repo: expected an id such as owner\/name/],
      ['case: lower', /case: expected one of "exact"\|"fold"/],
      ['shared:\n  - a\n  - 1', /:3: shared\.1: expected string, received number/],
      ['limits: { ratio: 2 }', /limits\.ratio: /],
      ['- repo', /:1: expected object, received array/],
    ]
    for (const [content, message] of table) assert.match(refusalOf(t, content), message)
  })

  it('reads plain YAML only', (t) => {
    const deep = '['.repeat(30_000)
    const table: readonly (readonly [string, RegExp])[] = [
      ['shared: &a [x]\nprotected: *a', /^\.skein\.yml:2: \*a: aliases are not read/],
      ['repo: !id a/b', /^\.skein\.yml:1: Unresolved tag: !id/],
      ['repo: !!binary aGk=', /custom tags are not read/],
      ['repo: a/b\nrepo: c/d', /^\.skein\.yml:2: Map keys must be unique/],
      ['repo: a/b\n---\nrepo: c/d', /multiple documents/],
      ['%YAML 1.1\n---\nrepo: a/b', /directives are not read/],
      ['repo: [', /^\.skein\.yml:1: /],
      [deep, /^\.skein\.yml:1: /],
      [`#${'x'.repeat(65_536)}`, /is larger than 65536 bytes/],
    ]
    for (const [content, message] of table) assert.match(refusalOf(t, content), message)
    // YAML 1.2: yes and no are words, and 010 is ten.
    assert.match(refusalOf(t, 'default_branch: yes\nlimits: { files: 010 }'), /accepted/)
  })

  it('refuses what is not a file', (t) => {
    const root = makeFolder(t)
    symlinkSync('/dev/zero', path.join(root, '.skein.yml'))
    assert.throws(() => loadRepoConfig(root), { code: 'CONFIG_INVALID', message: /is not a file/ })
  })

  it('lists every problem as data', (t) => {
    const root = makeFolder(t, { '.skein.yml': 'rep: a/b\ncase: x\n' })
    assert.throws(
      () => loadRepoConfig(root),
      (error: unknown) => {
        assert.ok(error instanceof SkeinError)
        const { problems } = error.data as {
          problems: readonly { key: string; nearest?: string }[]
        }
        assert.deepEqual(problems.map(({ key, nearest }) => [key, nearest]).sort(), [
          ['case', undefined],
          ['rep', 'repo'],
        ])
        return true
      },
    )
  })
})

describe('the checkouts in config.yml', () => {
  const read = (home: string): string => readFileSync(path.join(home, 'config.yml'), 'utf8')

  it('are entered and taken out with comments and order kept', (t) => {
    const before = [
      '# my machine',
      'machine: desk # the big one',
      '',
      'repos:',
      '  # work',
      '  acme/shop:',
      '    - /src/shop # main clone',
      'enrol: ask',
      '',
    ].join('\n')
    const home = makeFolder(t, { 'config.yml': before })
    addCheckout(home, 'acme/shop', '/src/shop-2')
    addCheckout(home, 'acme/lib', '/src/lib')
    const after = read(home)
    for (const comment of ['# my machine', '# the big one', '# work', '# main clone'])
      assert.ok(after.includes(comment))
    assert.ok(after.indexOf('machine:') < after.indexOf('repos:'))
    assert.ok(after.indexOf('repos:') < after.indexOf('enrol:'))
    assert.deepEqual(loadConfig({ home, env: {} }).repos, {
      'acme/shop': ['/src/shop', '/src/shop-2'],
      'acme/lib': ['/src/lib'],
    })
    removeCheckout(home, 'acme/lib', '/src/lib')
    removeCheckout(home, 'acme/shop', '/src/shop-2')
    assert.equal(read(home).includes('acme/lib'), false)
    assert.deepEqual(readdirSync(home), ['config.yml'])
  })

  it('are written nowhere else, and not at all when nothing changes', (t) => {
    const home = makeFolder(t)
    removeCheckout(home, 'acme/shop', '/src/shop')
    assert.deepEqual(readdirSync(home), [])
    addCheckout(home, 'acme/shop', '/src/shop')
    assert.equal(read(home), 'repos:\n  acme/shop:\n    - /src/shop\n')
    const odd = 'repos:   { acme/shop: [ /src/shop ] }\n'
    writeFileSync(path.join(home, 'config.yml'), odd)
    addCheckout(home, 'acme/shop', '/src/shop')
    assert.equal(read(home), odd)
  })

  it('are not entered into a file that cannot be read', (t) => {
    const home = makeFolder(t, { 'config.yml': 'ropos: {}' })
    const add = () => {
      addCheckout(home, 'acme/shop', '/src/shop')
    }
    assert.throws(add, { code: 'CONFIG_INVALID', message: /nearest right key is repos/ })
    assert.equal(read(home), 'ropos: {}')
  })

  it('leave a link to the file a link', (t) => {
    const dotfiles = makeFolder(t, { 'skein.yml': '# dot files\n' })
    const home = makeFolder(t)
    symlinkSync(path.join(dotfiles, 'skein.yml'), path.join(home, 'config.yml'))
    addCheckout(home, 'acme/shop', '/src/shop')
    assert.equal(readlinkSync(path.join(home, 'config.yml')), path.join(dotfiles, 'skein.yml'))
    assert.match(
      readFileSync(path.join(dotfiles, 'skein.yml'), 'utf8'),
      /^# dot files\n[^]*acme\/shop/,
    )
  })
})

describe('values', () => {
  it('durations are read and written', () => {
    for (const [text, seconds] of [
      ['90s', 90],
      ['15m', 900],
      ['4h', 14_400],
      ['10d', 864_000],
    ] as const) {
      assert.equal(parseDuration(text), seconds)
      assert.equal(formatDuration(seconds), text)
    }
    for (const text of ['', '4', 'h', '4 h', '-4h', '4h ', '1.5h', '4H', '4w']) {
      assert.equal(parseDuration(text), null, text)
    }
  })

  it('listen addresses are host and port', () => {
    assert.deepEqual(parseListenAddress('0.0.0.0:7451'), { host: '0.0.0.0', port: 7451 })
    assert.deepEqual(parseListenAddress('[::]:0'), { host: '::', port: 0 })
    assert.deepEqual(parseListenAddress('7451'), { host: '127.0.0.1', port: 7451 })
    for (const text of ['', ':1', 'host', '::1:7451', 'a b:1', 'host:65536', '[::1]']) {
      assert.equal(parseListenAddress(text), null, text)
    }
  })

  it('repository ids have an owner and a name', () => {
    for (const id of ['a/b', 'a/b/c', 'local/my-shop-12345678', 'Ünï/côde'])
      assert.ok(isRepoId(id), id)
    for (const id of [
      '',
      'a',
      '/a',
      'a/',
      'a//b',
      '../a',
      'a/..',
      'a/../b',
      'a b/c',
      'a/\u202eb',
      `a/${'b'.repeat(200)}`,
    ]) {
      assert.equal(isRepoId(id), false, id)
    }
  })
})

describe('configJsonSchema', () => {
  it('describes every key of both files', () => {
    const schemas = configJsonSchema()
    for (const schema of Object.values(schemas)) {
      for (const [key, value] of Object.entries(schema.properties ?? {})) {
        assert.ok('description' in value && value.description !== '', key)
      }
    }
    assert.ok('idle_release' in (schemas['.skein.yml'].properties ?? {}))
    assert.ok('trust_scripts' in (schemas['config.yml'].properties ?? {}))
  })
})
