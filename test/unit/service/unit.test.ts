import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  judgeFile,
  programsIn,
  searchedIn,
  serviceFile,
  serviceText,
} from '../../../daemon/service/unit.ts'

const ODD = '/opt/a b/100% "mine" \\ $x/it\'s <&>'
const FACTS = {
  self: [`${ODD}/node`, `${ODD}/skein.js`],
  folder: ODD,
  home: `${ODD}/.skein`,
  searched: '/usr/bin:/opt/a b',
}

describe('the unit of systemd', () => {
  const text = serviceText('systemd', FACTS)

  it('quotes what systemd would read otherwise, each place by its own rules', () => {
    const quoted = '/opt/a b/100%% \\"mine\\" \\\\ $x/it\'s <&>'
    // systemd takes no quotes in the program's own path, and replaces variables in the words behind it.
    const word = quoted.replace('$x', '$$$$x')
    assert.ok(
      text.includes(`\nExecStart="/usr/bin/env" "${word}/node" "${word}/skein.js" up --quiet\n`),
    )
    assert.ok(text.includes(`\nEnvironment="HOME=${quoted}" "SKEIN_HOME=${quoted}/.skein"\n`))
    assert.ok(text.includes('\nEnvironment="PATH=/usr/bin:/opt/a b"\n'))
    const plain = ODD.replace('%', '%%')
    assert.ok(text.includes(`\nEnvironmentFile=-${plain}/.skein/service.env\n`))
  })

  it('starts a program of a plain path by itself', () => {
    const plain = serviceText('systemd', { ...FACTS, self: ['/opt/a b$/node', '/b$.js'] })
    assert.ok(plain.includes('\nExecStart="/opt/a b$/node" "/b$$.js" up --quiet\n'))
  })

  it('lets workers outlive the daemon', () => {
    assert.match(text, /^KillMode=process$/m)
    assert.match(text, /^OOMPolicy=continue$/m)
    assert.match(text, /^Restart=on-failure$/m)
  })

  it('has nothing left to fill in', () => {
    for (const manager of ['systemd', 'launchd'] as const)
      assert.doesNotMatch(serviceText(manager, FACTS), /__\w+__/)
  })
})

describe('the agent of launchd', () => {
  // Where no parser of property lists is at hand: every tag is a known one and closed, nothing else is markup.
  it('is well-formed, whatever a path holds', () => {
    const text = serviceText('launchd', FACTS).replace(/^<\?xml.*\n<!DOCTYPE.*\n(<!--.*-->\n)+/, '')
    const open: string[] = []
    const tag = /<(\/?)(plist|dict|array|key|string|integer|true|false)( version="1\.0")?(\/?)>/g
    for (const [, end, name = '', , isEmpty] of text.matchAll(tag)) {
      if (end === '/') assert.equal(open.pop(), name)
      else if (isEmpty === '') open.push(name)
    }
    assert.deepEqual(open, [])
    const texts = text.replace(tag, '')
    assert.doesNotMatch(texts, /[<>]|&(?!(?:lt|gt|amp);)/)
    assert.ok(texts.includes("it's &lt;&amp;&gt;/node"))
  })
})

describe('whose file it is', () => {
  for (const manager of ['systemd', 'launchd'] as const) {
    it(`is known of one for ${manager}, and which programs it starts`, () => {
      const text = serviceText(manager, FACTS)
      assert.equal(judgeFile(text), 'ours')
      assert.equal(judgeFile(text.replace('100%', '101%')), 'edited')
      assert.equal(judgeFile(text.replace(/sum \w+/, '')), 'edited')
      assert.equal(judgeFile(text.replace(/^.*Written by.*$/m, '')), 'foreign')
      assert.deepEqual(programsIn(text)?.slice(-2), FACTS.self)
      assert.equal(searchedIn(text), FACTS.searched)
    })
  }

  it('is asked where the manager looks', () => {
    const env = { HOME: '/home/ann' }
    assert.equal(serviceFile('systemd', env), '/home/ann/.config/systemd/user/skein.service')
    assert.equal(
      serviceFile('systemd', { ...env, XDG_CONFIG_HOME: '/cfg' }),
      '/cfg/systemd/user/skein.service',
    )
    assert.equal(
      serviceFile('launchd', env),
      '/home/ann/Library/LaunchAgents/dev.skein.daemon.plist',
    )
  })
})
